//! Every key of requirements, and the keys of ordinary config that they can touch: one row each.

use super::super::shape::{
    ALWAYS, Field, Known, ONLY_117, SINCE_125, SINCE_169, Shape, UNTIL_125, Word, field, field_of, required, word,
    word_of,
};

const APPROVAL_WORDS: &[Word] = &[word("untrusted"), word("on-failure"), word("on-request"), word("never")];
/// The switches of granular approval.
pub const GRANULAR: &[Field] = &[
    required("sandbox_approval", Shape::Bool),
    required("rules", Shape::Bool),
    required("mcp_elicitations", Shape::Bool),
    field("skill_approval", Shape::Bool),
    field("request_permissions", Shape::Bool),
];
const APPROVAL: Shape =
    Shape::Either(&[Shape::Words(APPROVAL_WORDS), Shape::Closed(&[required("granular", Shape::Table(GRANULAR))])]);
const MODES: &[Word] = &[word("read-only"), word("workspace-write"), word("danger-full-access")];
const REQUIRED_MODES: &[Word] =
    &[word("read-only"), word("workspace-write"), word("danger-full-access"), word("external-sandbox")];
const WEB: &[Word] = &[word("disabled"), word("cached"), word("live"), word_of("indexed", SINCE_169)];
const REVIEWERS: &[Word] = &[word("user"), word("guardian_subagent"), word_of("auto_review", SINCE_125)];
const LOGINS: &[Word] = &[word("chatgpt"), word("api")];
const STORES: &[Word] = &[word("file"), word("keyring"), word("auto"), word("ephemeral")];
const TEXTS: Shape = Shape::List(&Shape::Text);

/// What a token of a rule is: a table, of which `demands` asks that it holds one of both.
const TOKEN: Shape = Shape::Table(&[field("token", Shape::Text), field("any_of", TEXTS)]);
const RULE: Shape = Shape::Table(&[
    required("pattern", Shape::List(&TOKEN)),
    field(
        "decision",
        Shape::Words(&[word("allow"), word("prompt"), word("forbidden"), word_of("prompt-user", SINCE_169)]),
    ),
    field("justification", Shape::Text),
    field_of("canonical_matching", Shape::Bool, SINCE_169),
]);

const MATCHER: Shape = Shape::Either(&[
    Shape::Table(&[required("match", Shape::Words(&[word("exact"), word("prefix")])), required("value", Shape::Text)]),
    Shape::Table(&[required("match", Shape::Words(&[word("regex")])), required("expression", Shape::Text)]),
]);
/// The identity of an MCP server, by release.
const IDENTITY_OLD: Shape =
    Shape::Either(&[Shape::Table(&[required("command", Shape::Text)]), Shape::Table(&[required("url", Shape::Text)])]);
const IDENTITY_NEW: Shape = Shape::Either(&[
    Shape::Table(&[required("command", Shape::Text)]),
    Shape::Table(&[required(
        "command",
        Shape::Table(&[required("executable", Shape::Text), required("args", Shape::List(&MATCHER))]),
    )]),
    Shape::Table(&[required("url", Shape::Text)]),
    Shape::Table(&[required("url", MATCHER)]),
]);
const SERVER: Shape = Shape::Table(&[
    Field { name: "identity", shape: IDENTITY_OLD, required: true, known: UNTIL_125 },
    Field { name: "identity", shape: IDENTITY_NEW, required: true, known: SINCE_169 },
]);
const SERVERS: Shape = Shape::Map(&SERVER);

/// An alternative of one: keys below it that Codex ignores are not warned of.
const APP: Shape = Shape::Either(&[Shape::Table(&[
    field("enabled", Shape::Bool),
    field_of(
        "tools",
        Shape::Map(&Shape::Table(&[
            field("approval_mode", Shape::Words(&[word("auto"), word("prompt"), word("writes"), word("approve")])),
            field("analytics_result_source", Shape::Any),
        ])),
        SINCE_169,
    ),
])]);

/// The managed network.
pub const NETWORK: &[Field] = &[
    field("enabled", Shape::Bool),
    field("http_port", Shape::Integer(0, 65_535)),
    field("socks_port", Shape::Integer(0, 65_535)),
    field("allow_upstream_proxy", Shape::Bool),
    field("dangerously_allow_non_loopback_proxy", Shape::Bool),
    field("dangerously_allow_all_unix_sockets", Shape::Bool),
    field("allow_local_binding", Shape::Bool),
    field("managed_allowed_domains_only", Shape::Bool),
    field("allowed_domains", TEXTS),
    field("denied_domains", TEXTS),
    field("allow_unix_sockets", TEXTS),
    field_of("domains", Shape::Map(&Shape::Words(&[word("allow"), word("deny")])), SINCE_125),
    field_of(
        "unix_sockets",
        Shape::Map(&Shape::Words(&[word("allow"), word_of("none", UNTIL_125), word_of("deny", SINCE_169)])),
        SINCE_125,
    ),
    field_of("review_domains", Shape::Any, SINCE_169),
    field_of(
        "header_injections",
        Shape::List(&Shape::Table(&[
            required("host", Shape::Text),
            required("methods", Shape::Any),
            required("headers", Shape::Any),
        ])),
        SINCE_169,
    ),
];

const DENY_READ: &[Field] = &[field("deny_read", TEXTS)];

const ACCESS_WORDS: Shape = Shape::Words(&[word("read"), word("write"), word("deny"), word("none")]);
/// What may be done with a path, or with paths below it; one key of a profile is a number.
const ACCESS: Shape = Shape::Either(&[ACCESS_WORDS, Shape::Map(&ACCESS_WORDS), Shape::Integer(0, i64::MAX)]);

/// A permission profile, as requirements have it.
pub const PROFILE: &[Field] = &[
    field_of("description", Shape::Text, SINCE_169),
    field_of("extends", Shape::Text, SINCE_169),
    field_of("workspace_roots", Shape::Map(&Shape::Bool), SINCE_169),
    field("filesystem", Shape::Map(&ACCESS)),
    field("network", Shape::Any),
];

const HOOK_WORDS: &[Word] = &[word("command"), word("mcp_tool"), word("prompt"), word("agent")];
const HOOK_GROUPS: Shape = Shape::List(&Shape::Table(&[
    field("matcher", Shape::Any),
    field("hooks", Shape::List(&Shape::Table(&[required("type", Shape::Words(HOOK_WORDS))]))),
]));
/// An alternative of one: keys below it that Codex ignores are not warned of.
const HOOKS: Shape = Shape::Either(&[Shape::Table(&[
    field("managed_dir", Shape::Text),
    field("windows_managed_dir", Shape::Text),
    field("PreToolUse", HOOK_GROUPS),
    field("PostToolUse", HOOK_GROUPS),
    field("PermissionRequest", HOOK_GROUPS),
    field("SessionStart", HOOK_GROUPS),
    field("SessionEnd", HOOK_GROUPS),
    field("UserPromptSubmit", HOOK_GROUPS),
    field("PreCompact", HOOK_GROUPS),
    field("PostCompact", HOOK_GROUPS),
    field("SubagentStart", HOOK_GROUPS),
    field("SubagentStop", HOOK_GROUPS),
    field("Notification", HOOK_GROUPS),
    field("Stop", HOOK_GROUPS),
])]);

const EXPORTER: Shape = Shape::Either(&[
    Shape::Words(&[word("none"), word("statsig")]),
    Shape::Closed(&[field("otlp-http", Shape::Any), field("otlp-grpc", Shape::Any)]),
]);
const MARKETPLACE: Shape = Shape::Closed(&[
    required("source", Shape::Words(&[word("git"), word("host_pattern"), word("local")])),
    field("url", Shape::Text),
    field("ref", Shape::Text),
    field("host_pattern", Shape::Text),
    field("path", Shape::Text),
]);

const OTEL: Shape = Shape::Closed(&[
    field("log_user_prompt", Shape::Bool),
    field("environment", Shape::Text),
    field("exporter", EXPORTER),
    field("trace_exporter", EXPORTER),
    field("metrics_exporter", EXPORTER),
    field("span_attributes", Shape::Any),
    field("tracestate", Shape::Any),
]);

const APPLICATION: Shape = Shape::Closed(&[
    field("network", Shape::Closed(&[field("enabled", Shape::Any), field("domains", Shape::Any)])),
    field(
        "storage",
        Shape::Closed(&[field("default_project_parent", Shape::Any), field("projectless_workspace_root", Shape::Any)]),
    ),
]);

/// Every top-level key of requirements.
pub const REQUIREMENTS: &[Field] = &[
    field("allowed_approval_policies", Shape::List(&APPROVAL)),
    field("allowed_sandbox_modes", Shape::List(&Shape::Words(REQUIRED_MODES))),
    field("allowed_web_search_modes", Shape::List(&Shape::Words(WEB))),
    field("features", Shape::Map(&Shape::Bool)),
    field("feature_requirements", Shape::Map(&Shape::Bool)),
    field("mcp_servers", SERVERS),
    field("apps", Shape::Map(&APP)),
    field("rules", Shape::Table(&[required("prefix_rules", Shape::List(&RULE))])),
    field("enforce_residency", Shape::Words(&[word("us")])),
    field("experimental_network", Shape::Table(NETWORK)),
    field_of("network_proxy", Shape::Table(NETWORK), SINCE_169),
    field_of("guardian_developer_instructions", Shape::Text, ONLY_117),
    field_of("allowed_approvals_reviewers", Shape::List(&Shape::Words(REVIEWERS)), SINCE_125),
    field_of(
        "remote_sandbox_config",
        Shape::List(&Shape::Table(&[
            required("hostname_patterns", TEXTS),
            required("allowed_sandbox_modes", Shape::List(&Shape::Words(REQUIRED_MODES))),
        ])),
        SINCE_125,
    ),
    field_of("hooks", HOOKS, SINCE_125),
    // The names of profiles are free in 0.169.0, so `demands` looks at them; before, only deny_read is known.
    Field {
        name: "permissions",
        shape: Shape::Single(&[field("filesystem", Shape::Single(DENY_READ))]),
        required: false,
        known: Known(1, 1),
    },
    field_of("permissions", Shape::Any, SINCE_169),
    field_of("guardian_policy_config", Shape::Text, SINCE_125),
    field_of("allowed_permission_profiles", Shape::Map(&Shape::Bool), SINCE_169),
    field_of("default_permissions", Shape::Text, SINCE_169),
    field_of("allow_managed_hooks_only", Shape::Bool, SINCE_169),
    field_of("allow_appshots", Shape::Bool, SINCE_169),
    field_of("allow_remote_control", Shape::Bool, SINCE_169),
    field_of("allow_browser_and_computer_use", Shape::Bool, SINCE_169),
    field_of("unsafe_enforce_sqlite_journal_mode", Shape::Bool, SINCE_169),
    field_of("computer_use", Shape::Table(&[field("allow_locked_computer_use", Shape::Bool)]), SINCE_169),
    field_of("browser_use", Shape::Map(&Shape::Any), SINCE_169),
    field_of("in_app_browser", Shape::Map(&Shape::Any), SINCE_169),
    field_of("application", APPLICATION, SINCE_169),
    field_of(
        "windows",
        Shape::Table(&[
            field(
                "allowed_sandbox_implementations",
                Shape::List(&Shape::Words(&[word("elevated"), word("unelevated")])),
            ),
            field("allow_mxc", Shape::Bool),
            field("require_mxc", Shape::Bool),
        ]),
        SINCE_169,
    ),
    field_of("plugins", Shape::Map(&Shape::Table(&[field("mcp_servers", SERVERS)])), SINCE_169),
    field_of(
        "marketplaces",
        Shape::Closed(&[
            field("restrict_to_allowed_sources", Shape::Bool),
            field("allowed_sources", Shape::Map(&MARKETPLACE)),
        ]),
        SINCE_169,
    ),
    field_of(
        "auto_review",
        Shape::Table(&[field("required_on_models", TEXTS), field("ignore_rules", TEXTS)]),
        SINCE_169,
    ),
    field_of(
        "models",
        Shape::Single(&[field(
            "new_thread",
            Shape::Table(&[
                field("model", Shape::Text),
                field("model_reasoning_effort", Shape::Text),
                field("service_tier", Shape::Text),
            ]),
        )]),
        SINCE_169,
    ),
    field_of("config_server", Shape::Either(&[Shape::Table(&[required("base_url", Shape::Text)])]), SINCE_169),
    field_of("allowed_login_methods", Shape::List(&Shape::Words(LOGINS)), SINCE_169),
    field_of("allowed_chatgpt_workspaces", TEXTS, SINCE_169),
    field_of("cli_auth_credentials_store", Shape::Words(STORES), SINCE_169),
    field_of("chatgpt_base_url", Shape::Text, SINCE_169),
    field_of("sqlite_home", Shape::Text, SINCE_169),
    field_of("log_dir", Shape::Text, SINCE_169),
    field_of("model_catalog_json", Shape::Text, SINCE_169),
    field_of("check_for_update_on_startup", Shape::Bool, SINCE_169),
    field_of("allow_login_shell", Shape::Bool, SINCE_169),
    field_of("feedback", Shape::Table(&[field("enabled", Shape::Bool)]), SINCE_169),
    field_of("otel", OTEL, SINCE_169),
    field_of("model_provider", Shape::Text, SINCE_169),
    // What it holds joins config, and is looked at there.
    field_of("model_providers", Shape::Any, SINCE_169),
    field_of("additional_developer_instructions", Shape::Text, SINCE_169),
    field_of("guardian_extra_policy", Shape::Text, SINCE_169),
];

/// Keys whose value replaces the configured one.
pub const EXACT: &[&str] = &[
    "cli_auth_credentials_store",
    "chatgpt_base_url",
    "sqlite_home",
    "log_dir",
    "model_catalog_json",
    "check_for_update_on_startup",
    "allow_login_shell",
    "feedback",
    "otel",
    "model_provider",
];

/// Config keys that name a path, resolved against the folder of their file.
pub const PATHS: &[&[&str]] = &[
    &["sandbox_workspace_write", "writable_roots"],
    &["log_dir"],
    &["sqlite_home"],
    &["model_catalog_json"],
    &["model_instructions_file"],
];

/// What a legacy profile may set of what is modelled.
pub const PROFILE_KEYS: &[&str] =
    &["approval_policy", "approvals_reviewer", "sandbox_mode", "web_search", "model", "model_provider"];

const LEGACY_PROFILE: Shape = Shape::Table(&[
    field("approval_policy", APPROVAL),
    field("approvals_reviewer", Shape::Words(REVIEWERS)),
    field("sandbox_mode", Shape::Words(MODES)),
    field("web_search", Shape::Words(WEB)),
    field("model", Shape::Text),
    field("model_provider", Shape::Text),
]);

/// A feature: on or off, or a table of its own settings.
const FEATURE: Shape = Shape::Either(&[Shape::Bool, Shape::Map(&Shape::Any)]);

/// An MCP server as config has it; what most of its keys hold is not looked at.
const CONFIGURED_SERVER: Shape = Shape::Table(&[
    field("command", Shape::Text),
    field("args", TEXTS),
    field("env", Shape::Any),
    field("env_vars", Shape::Any),
    field("cwd", Shape::Any),
    field("url", Shape::Text),
    field("http_headers", Shape::Any),
    field("env_http_headers", Shape::Any),
    field("bearer_token", Shape::Any),
    field("bearer_token_env_var", Shape::Any),
    field("auth", Shape::Any),
    field("oauth", Shape::Any),
    field("oauth_client_id", Shape::Any),
    field("oauth_resource", Shape::Any),
    field("scopes", Shape::Any),
    field("startup_timeout_sec", Shape::Any),
    field("startup_timeout_ms", Shape::Any),
    field("tool_timeout_sec", Shape::Any),
    field("enabled", Shape::Bool),
    field("required", Shape::Bool),
    field("enabled_tools", Shape::Any),
    field("disabled_tools", Shape::Any),
    field("default_tools_approval_mode", Shape::Any),
    field("supports_parallel_tool_calls", Shape::Any),
    field("tools", Shape::Any),
    field("environment_id", Shape::Any),
    field("name", Shape::Any),
]);

/// Config keys with a shape that Codex checks and this room uses.
pub const CONFIG: &[Field] = &[
    field("approval_policy", APPROVAL),
    field("approvals_reviewer", Shape::Words(REVIEWERS)),
    field("sandbox_mode", Shape::Words(MODES)),
    field("web_search", Shape::Words(WEB)),
    field("default_permissions", Shape::Text),
    field("profile", Shape::Text),
    field("profiles", Shape::Map(&LEGACY_PROFILE)),
    field("permissions", Shape::Map(&Shape::Map(&Shape::Any))),
    field("model", Shape::Text),
    field("model_provider", Shape::Text),
    field("model_providers", Shape::Map(&Shape::Map(&Shape::Any))),
    field("forced_login_method", Shape::Words(LOGINS)),
    field_of("forced_chatgpt_workspace_id", Shape::Text, UNTIL_125),
    field_of("forced_chatgpt_workspace_id", Shape::Either(&[Shape::Text, TEXTS]), SINCE_169),
    field("chatgpt_base_url", Shape::Text),
    field("log_dir", Shape::Text),
    field("sqlite_home", Shape::Text),
    field("model_catalog_json", Shape::Text),
    field("cli_auth_credentials_store", Shape::Words(STORES)),
    field("check_for_update_on_startup", Shape::Bool),
    field("allow_login_shell", Shape::Bool),
    field("project_root_markers", TEXTS),
    field("notify", TEXTS),
    field(
        "sandbox_workspace_write",
        Shape::Table(&[
            field("writable_roots", TEXTS),
            field("network_access", Shape::Bool),
            field("exclude_tmpdir_env_var", Shape::Bool),
            field("exclude_slash_tmp", Shape::Bool),
        ]),
    ),
    field(
        "projects",
        Shape::Map(&Shape::Table(&[field("trust_level", Shape::Words(&[word("trusted"), word("untrusted")]))])),
    ),
    field("mcp_servers", Shape::Map(&CONFIGURED_SERVER)),
    Field { name: "features", shape: Shape::Map(&FEATURE), required: false, known: ALWAYS },
];

/// Further top-level keys of config that 0.169.0 knows; what they hold is not looked at.
pub const CONFIG_OTHERS: &[&str] = &[
    "agents",
    "analytics",
    "apps",
    "apps_mcp_product_sku",
    "audio",
    "auto_review",
    "background_terminal_max_timeout",
    "compact_prompt",
    "debug",
    "desktop",
    "developer_instructions",
    "disable_paste_burst",
    "experimental_compact_prompt_file",
    "experimental_realtime_start_instructions",
    "experimental_realtime_ws_backend_prompt",
    "experimental_realtime_ws_base_url",
    "experimental_realtime_ws_model",
    "experimental_realtime_ws_startup_context",
    "experimental_thread_config_endpoint",
    "experimental_thread_store",
    "experimental_use_unified_exec_tool",
    "feedback",
    "file_opener",
    "ghost_snapshot",
    "hide_agent_reasoning",
    "history",
    "hooks",
    "include_apps_instructions",
    "include_collaboration_mode_instructions",
    "include_environment_context",
    "include_permissions_instructions",
    "instructions",
    "marketplaces",
    "mcp_oauth_callback_port",
    "mcp_oauth_callback_url",
    "mcp_oauth_credentials_store",
    "memories",
    "model_auto_compact_token_limit",
    "model_auto_compact_token_limit_scope",
    "model_context_window",
    "model_instructions_file",
    "model_reasoning_effort",
    "model_reasoning_summary",
    "model_supports_reasoning_summaries",
    "model_verbosity",
    "notice",
    "openai_base_url",
    "oss_provider",
    "otel",
    "personality",
    "plan_mode_reasoning_effort",
    "plugins",
    "project_doc_fallback_filenames",
    "project_doc_max_bytes",
    "realtime",
    "review_model",
    "service_tier",
    "shell_environment_policy",
    "show_raw_agent_reasoning",
    "skills",
    "suppress_unstable_features_warning",
    "tool_output_token_limit",
    "tool_suggest",
    "tools",
    "tui",
    "windows",
];

/// Names that look like keys of requirements and are keys of config: Codex ignores them.
pub const NOT_REQUIREMENTS: &[(&str, &str)] = &[
    ("network", "experimental_network"),
    ("shell_environment_policy", ""),
    ("allowed_permissions", "allowed_permission_profiles"),
    ("sandbox_mode", "allowed_sandbox_modes"),
    ("approval_policy", "allowed_approval_policies"),
    ("web_search", "allowed_web_search_modes"),
    ("approvals_reviewer", "allowed_approvals_reviewers"),
    ("model", ""),
    ("allowed_models", ""),
    ("projects", ""),
    ("profiles", ""),
    ("tools", ""),
    ("skills", ""),
];

/// Old names of features, with the name each became.
pub const OLD_FEATURES: &[(&str, &str)] = &[
    ("collab", "multi_agent"),
    ("connectors", "apps"),
    ("memory_tool", "memories"),
    ("web_search", "web_search_request"),
    ("enable_experimental_windows_sandbox", "experimental_windows_sandbox"),
    ("experimental_use_unified_exec_tool", "unified_exec"),
    ("experimental_use_freeform_apply_patch", "apply_patch_freeform"),
    ("include_apply_patch_tool", "apply_patch_freeform"),
    ("request_permissions", "exec_permission_approvals"),
    ("telepathy", "chronicle"),
    ("codex_hooks", "hooks"),
];

/// A feature that does not go without another one.
#[derive(Debug)]
pub struct Implied {
    /// The feature.
    pub feature: &'static str,
    /// What it needs.
    pub needs: &'static str,
    /// Whether it switches that on, or is switched off without it.
    pub switches_on: bool,
    /// The releases in which this is so.
    pub known: Known,
}

/// Features that do not go without another one; seen with `codex features list`.
pub const IMPLIES: &[Implied] = &[
    Implied { feature: "code_mode_only", needs: "code_mode", switches_on: true, known: ALWAYS },
    Implied { feature: "enable_fanout", needs: "multi_agent", switches_on: true, known: UNTIL_125 },
    Implied { feature: "js_repl_tools_only", needs: "js_repl", switches_on: false, known: UNTIL_125 },
];
