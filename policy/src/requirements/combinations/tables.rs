//! Pieces of files and command lines that combinations are made of.

/// Pieces that say the same thing in other ways; a file has at most one of them.
pub(super) struct Group {
    /// How often, of a hundred files.
    pub(super) chance: u64,
    /// Whether older releases do not know it.
    pub(super) newest: bool,
    /// The pieces.
    pub(super) pieces: &'static [&'static str],
}

const fn group(chance: u64, pieces: &'static [&'static str]) -> Group {
    Group { chance, newest: false, pieces }
}

const fn newest(chance: u64, pieces: &'static [&'static str]) -> Group {
    Group { chance, newest: true, pieces }
}

pub(super) const REQUIREMENTS: &[Group] = &[
    group(
        40,
        &[
            "allowed_approval_policies = [\"on-request\"]",
            "allowed_approval_policies = [\"never\"]",
            "allowed_approval_policies = [\"on-request\", \"never\"]",
            "allowed_approval_policies = [\"never\", \"on-request\"]",
            "allowed_approval_policies = [\"untrusted\"]",
            "allowed_approval_policies = [\"untrusted\", \"on-request\", \"never\"]",
            "allowed_approval_policies = [\"on-failure\"]",
            "allowed_approval_policies = [\"on-failure\", \"never\"]",
            "allowed_approval_policies = [{ granular = { sandbox_approval = true, rules = true, mcp_elicitations = false } }, \"on-request\"]",
            "allowed_approval_policies = [\"on-request\", { granular = { sandbox_approval = true, rules = true, mcp_elicitations = false, skill_approval = true } }]",
            "allowed_approval_policies = []",
            "allowed_approval_policies = [\"sometimes\"]",
        ],
    ),
    group(
        45,
        &[
            "allowed_sandbox_modes = [\"read-only\"]",
            "allowed_sandbox_modes = [\"read-only\", \"workspace-write\"]",
            "allowed_sandbox_modes = [\"workspace-write\", \"read-only\"]",
            "allowed_sandbox_modes = [\"read-only\", \"danger-full-access\"]",
            "allowed_sandbox_modes = [\"read-only\", \"workspace-write\", \"danger-full-access\"]",
            "allowed_sandbox_modes = [\"read-only\", \"external-sandbox\"]",
            "allowed_sandbox_modes = [\"read-only\", \"read-only\", \"workspace-write\"]",
            "allowed_sandbox_modes = [\"workspace-write\"]",
        ],
    ),
    group(
        20,
        &[
            "allowed_web_search_modes = [\"cached\"]",
            "allowed_web_search_modes = [\"live\"]",
            "allowed_web_search_modes = []",
            "allowed_web_search_modes = [\"disabled\"]",
            "allowed_web_search_modes = [\"live\", \"disabled\"]",
            "allowed_web_search_modes = [\"cached\", \"live\"]",
            "allowed_web_search_modes = [\"indexed\"]",
        ],
    ),
    group(
        20,
        &[
            "allowed_approvals_reviewers = [\"user\"]",
            "allowed_approvals_reviewers = [\"auto_review\"]",
            "allowed_approvals_reviewers = [\"guardian_subagent\", \"user\"]",
            "allowed_approvals_reviewers = [\"user\", \"auto_review\"]",
            "allowed_approvals_reviewers = []",
        ],
    ),
];

pub(super) const FURTHER: &[Group] = &[
    group(
        15,
        &[
            "[permissions.filesystem]\ndeny_read = [\"/srv/secret\"]",
            "[permissions.filesystem]\ndeny_read = []",
            "[permissions.filesystem]\ndeny_read = [\"~/.ssh\", \"private/*.pem\"]",
        ],
    ),
    newest(
        15,
        &[
            "allowed_permission_profiles = { \":read-only\" = true, \":workspace\" = true }",
            "default_permissions = \":read-only\"\nallowed_permission_profiles = { \":read-only\" = true }",
            "default_permissions = \":workspace\"\nallowed_permission_profiles = { \":workspace\" = true, \":danger-full-access\" = true }",
            "default_permissions = \"team\"\nallowed_permission_profiles = { team = true, \":read-only\" = true }\n[permissions.team]\nextends = \":workspace\"\n[permissions.team.filesystem]\n\"/srv/build\" = \"write\"\n[permissions.team.network]\nenabled = true",
            "default_permissions = \"team\"\nallowed_permission_profiles = { team = true }\n[permissions.team.filesystem]\n\":root\" = \"read\"",
            "allowed_permission_profiles = { \":workspace\" = true, \":read-only\" = false }",
            "allowed_permission_profiles = { \":workspace\" = true, \":read-only\" = true, \":danger-full-access\" = true }",
            "default_permissions = \":workspace\"",
            "allowed_permission_profiles = { nowhere = true, \":workspace\" = true, \":read-only\" = true }",
        ],
    ),
    group(
        10,
        &[
            "[[remote_sandbox_config]]\nhostname_patterns = [\"devbox-*\"]\nallowed_sandbox_modes = [\"read-only\", \"workspace-write\"]",
            "[[remote_sandbox_config]]\nhostname_patterns = [\"laptop\"]\nallowed_sandbox_modes = [\"read-only\"]\n[[remote_sandbox_config]]\nhostname_patterns = [\"*\"]\nallowed_sandbox_modes = [\"read-only\", \"danger-full-access\"]",
            "[[remote_sandbox_config]]\nhostname_patterns = [\"DEVBOX-0?.corp.example.\"]\nallowed_sandbox_modes = [\"workspace-write\"]",
            "[[remote_sandbox_config]]\nhostname_patterns = []\nallowed_sandbox_modes = []",
        ],
    ),
    group(8, &["enforce_residency = \"us\"", "enforce_residency = \"us\"", "enforce_residency = \"eu\""]),
    group(
        10,
        &[
            "[features]\nshell_snapshot = false",
            "[features]\nmulti_agent = true\napps = false",
            "[feature_requirements]\npersonality = true",
            "[features]\nno_such_feature = true",
            "[features]\ncollab = false",
        ],
    ),
    group(
        12,
        &[
            "[rules]\nprefix_rules = [{ pattern = [{ token = \"rm\" }], decision = \"forbidden\" }]",
            "[rules]\nprefix_rules = [{ pattern = [{ token = \"git\" }, { any_of = [\"push\", \"fetch\"] }], decision = \"prompt\", justification = \"ask\" }]",
            "[rules]\nprefix_rules = []",
            "[rules]\nprefix_rules = [{ pattern = [{ token = \"rm\" }], decision = \"allow\" }]",
            "[rules]\nprefix_rules = [{ pattern = [{ token = \"\" }], decision = \"prompt\" }]",
            "[rules]\nprefix_rules = [{ pattern = [{ token = \"rm\", any_of = [\"x\"] }], decision = \"prompt\" }]",
            "[rules]\nprefix_rules = [{ pattern = [], decision = \"prompt\" }]",
            "[rules]\nprefix_rules = [{ pattern = [{ token = \"rm\" }] }]",
        ],
    ),
    newest(
        20,
        &[
            "log_dir = \"logs\"",
            "allow_login_shell = false",
            "check_for_update_on_startup = false",
            "cli_auth_credentials_store = \"file\"",
            "[feedback]\nenabled = false",
            "[otel]\nlog_user_prompt = false",
            "[otel]\nno_such_field = 1",
            "model_provider = \"ollama\"",
            "model_provider = \"nobody\"",
            "chatgpt_base_url = \"https://chat.corp.example/\"",
            "sqlite_home = \"/var/lib/codex\"",
        ],
    ),
    newest(
        10,
        &[
            "allowed_login_methods = [\"chatgpt\", \"api\"]",
            "allowed_login_methods = [\"api\"]",
            "allowed_login_methods = []",
            "allowed_chatgpt_workspaces = [\"w1\"]",
            "allowed_chatgpt_workspaces = []",
        ],
    ),
    group(
        10,
        &[
            "[experimental_network]\nenabled = false",
            "[experimental_network]\nenabled = true\nallowed_domains = [\"example.com\"]",
            "[experimental_network]\nallowed_domains = [\"*\"]",
            "[experimental_network]\nallowed_domains = []\ndenied_domains = [\"*.evil.example\"]",
            "[experimental_network]\ndomains = { \"*.example.com\" = \"allow\", \"x.example.com\" = \"deny\" }",
            "[experimental_network]\nunix_sockets = { \"/run/x.sock\" = \"allow\" }",
            "[experimental_network]\nhttp_port = 70000",
        ],
    ),
    newest(
        10,
        &[
            "allow_managed_hooks_only = true",
            "allow_appshots = false",
            "allow_remote_control = false",
            "allow_browser_and_computer_use = false",
            "additional_developer_instructions = \"be kind\"",
            "guardian_extra_policy = \"strict\"",
            "[windows]\nallowed_sandbox_implementations = [\"elevated\"]",
            "[windows]\nallowed_sandbox_implementations = []",
            "[models.new_thread]\nmodel = \"gpt-5.5\"",
            "[auto_review]\nrequired_on_models = [\"gpt-5.5\"]",
            "[auto_review]\nrequired_on_models = [\"a/b\"]",
            "[marketplaces]\nrestrict_to_allowed_sources = true",
            "[marketplaces.allowed_sources.corp]\nsource = \"git\"\nurl = \"https://git.corp.example/x\"",
            "[plugins.p.mcp_servers.docs.identity]\ncommand = \"docs-mcp\"",
            "[apps.github]\nenabled = false",
            "[hooks]\nmanaged_dir = \"/etc/codex/hooks\"",
        ],
    ),
    group(
        8,
        &[
            "no_such_key = 1",
            "sandbox_mode = \"read-only\"",
            "network = { enabled = false }",
            "allowed_models = [\"gpt-5.5\"]",
            "[tools]\nweb_search = false",
        ],
    ),
    group(
        2,
        &["allowed_sandbox_modes = \"read-only\"", "broken = [", "enforce_residency = 1", "guardian_policy_config = 1"],
    ),
];

pub(super) const CONFIG: &[Group] = &[
    group(
        35,
        &[
            "approval_policy = \"on-request\"",
            "approval_policy = \"never\"",
            "approval_policy = \"on-failure\"",
            "approval_policy = \"on-request\"",
            "approval_policy = \"never\"",
            "approval_policy = { granular = { sandbox_approval = true, rules = true, mcp_elicitations = false } }",
            "approval_policy = { granular = { sandbox_approval = false, rules = true, mcp_elicitations = true, request_permissions = true } }",
            "approval_policy = \"untrusted\"",
        ],
    ),
    group(
        35,
        &[
            "sandbox_mode = \"read-only\"",
            "sandbox_mode = \"workspace-write\"",
            "sandbox_mode = \"danger-full-access\"",
            "sandbox_mode = \"workspace-write\"\n[sandbox_workspace_write]\nwritable_roots = [\"/srv/build\", \"~/cache\"]",
            "[sandbox_workspace_write]\nnetwork_access = true",
            "sandbox_mode = \"workspace-write\"\n[sandbox_workspace_write]\nnetwork_access = true\nexclude_slash_tmp = true",
            "[sandbox_workspace_write]\nexclude_tmpdir_env_var = true\nwritable_roots = [\"out\"]",
            "sandbox_mode = \"danger-full-access\"",
        ],
    ),
    group(
        20,
        &["web_search = \"live\"", "web_search = \"cached\"", "web_search = \"disabled\"", "web_search = \"indexed\""],
    ),
    group(
        15,
        &[
            "approvals_reviewer = \"user\"",
            "approvals_reviewer = \"auto_review\"",
            "approvals_reviewer = \"guardian_subagent\"",
        ],
    ),
    group(15, &["model = \"gpt-5.5\"", "model = \"gpt-5.4-mini\""]),
    newest(
        12,
        &[
            "default_permissions = \":workspace\"",
            "default_permissions = \":read-only\"",
            "default_permissions = \":danger-full-access\"",
            "default_permissions = \"mine\"\n[permissions.mine]\nextends = \":workspace\"\n[permissions.mine.network]\nenabled = true",
            "default_permissions = \"mine\"\n[permissions.mine.filesystem]\n\":root\" = \"read\"\n\":slash_tmp\" = \"write\"",
            "default_permissions = \"mine\"\n[permissions.mine.filesystem]\n\":root\" = \"write\"",
            "default_permissions = \"missing\"",
        ],
    ),
    group(
        5,
        &[
            "default_permissions = \"old\"\n[permissions.old.filesystem]\n\":root\" = \"read\"\n\":project_roots\" = \"write\"",
            "default_permissions = \"old\"\n[permissions.old.filesystem]\n\":minimal\" = \"read\"\n\":project_roots\" = \"write\"\n\":tmpdir\" = \"write\"\n\"/srv/secret\" = \"none\"",
            "[permissions.old.filesystem]\n\":root\" = \"read\"",
        ],
    ),
    group(
        8,
        &[
            "check_for_update_on_startup = true",
            "allow_login_shell = true",
            "[feedback]\nenabled = true",
            "forced_login_method = \"api\"",
            "log_dir = \"mylogs\"",
        ],
    ),
    group(6, &["no_such_config_key = 1", "[no_such_table]\nx = 1"]),
    group(2, &["approval_policy = \"sometimes\"", "sandbox_mode = 3", "broken ="]),
];

pub(super) const MANAGED: &[Group] = &[
    group(
        50,
        &[
            "approval_policy = \"on-request\"",
            "approval_policy = \"never\"",
            "approval_policy = \"on-failure\"",
            "approval_policy = \"untrusted\"",
        ],
    ),
    group(
        50,
        &[
            "sandbox_mode = \"read-only\"",
            "sandbox_mode = \"workspace-write\"",
            "sandbox_mode = \"danger-full-access\"",
        ],
    ),
    group(15, &["approvals_reviewer = \"user\"", "approvals_reviewer = \"auto_review\""]),
    group(15, &["web_search = \"disabled\"", "web_search = \"live\""]),
    group(15, &["model = \"gpt-5.5\""]),
    group(10, &["[sandbox_workspace_write]\nnetwork_access = true\nwritable_roots = [\"/srv/all\"]"]),
    group(
        10,
        &[
            "[projects.\"/home/dev/proj\"]\ntrust_level = \"trusted\"",
            "[projects.\"/home/dev/proj\"]\ntrust_level = \"untrusted\"",
        ],
    ),
    group(3, &["no_such_managed_key = 1", "approval_policy = \"sometimes\""]),
];

pub(super) const TRUST: &[Group] = &[
    group(
        60,
        &[
            "[projects.\"/home/dev/proj\"]\ntrust_level = \"trusted\"",
            "[projects.\"/home/dev/proj\"]\ntrust_level = \"trusted\"",
            "[projects.\"/home/dev/proj\"]\ntrust_level = \"untrusted\"",
            "[projects.\"/home/dev\"]\ntrust_level = \"trusted\"",
        ],
    ),
    group(
        10,
        &[
            "profile = \"work\"\n[profiles.work]\nsandbox_mode = \"danger-full-access\"\napproval_policy = \"never\"",
            "[profiles.work]\nsandbox_mode = \"read-only\"\nmodel = \"gpt-5.5\"",
            "[profiles.other]\napproval_policy = \"never\"",
        ],
    ),
];

pub(super) const PROJECT: &[Group] = &[group(
    15,
    &[
        "model_provider = \"ollama\"",
        "notify = [\"sh\", \"-c\", \"true\"]",
        "openai_base_url = \"https://example.com/v1\"",
        "[projects.\"/home/dev/proj\"]\ntrust_level = \"trusted\"",
    ],
)];

pub(super) const SERVERS: &[Group] = &[
    group(
        80,
        &[
            "[mcp_servers.docs]\ncommand = \"docs-mcp\"",
            "[mcp_servers.docs]\ncommand = \"npx\"\nargs = [\"-y\", \"docs\"]",
            "[mcp_servers.docs]\nurl = \"https://mcp.example.com/a\"",
            "[mcp_servers.docs]\ncommand = \"/usr/bin/docs-mcp\"\nenabled = false",
        ],
    ),
    group(
        60,
        &[
            "[mcp_servers.notes]\ncommand = \"notes\"\nargs = [\"--dir\", \"/srv\"]",
            "[mcp_servers.notes]\nurl = \"https://notes.example.com/\"",
        ],
    ),
];

pub(super) const SERVERS_DEMANDED: &[Group] = &[
    group(
        60,
        &[
            "[mcp_servers.docs.identity]\ncommand = \"docs-mcp\"",
            "[mcp_servers.docs.identity]\ncommand = \"npx\"",
            "[mcp_servers.docs.identity]\nurl = \"https://mcp.example.com/a\"",
            "[mcp_servers.docs.identity]\ncommand = \"docs-mcp\"\nurl = \"https://mcp.example.com/a\"",
            "[mcp_servers]",
            "[mcp_servers.docs]",
            "[mcp_servers.docs.identity]\nname = \"docs\"",
        ],
    ),
    newest(
        40,
        &[
            "[mcp_servers.notes.identity]\nurl = { match = \"prefix\", value = \"https://notes.\" }",
            "[mcp_servers.notes.identity]\nurl = { match = \"regex\", expression = \"https://notes\\\\.[a-z.]+/\" }",
            "[mcp_servers.notes.identity]\ncommand = { executable = \"notes\", args = [{ match = \"exact\", value = \"--dir\" }, { match = \"prefix\", value = \"/srv\" }] }",
            "[mcp_servers.notes.identity]\ncommand = { executable = \"notes\", args = [] }",
            "[mcp_servers.notes.identity]\nurl = { match = \"regex\", expression = \"(\" }",
        ],
    ),
];

/// Features that are looked up.
pub(super) const FEATURE_NAMES: &[&str] = &[
    "shell_snapshot",
    "unified_exec",
    "personality",
    "apps",
    "memories",
    "undo",
    "js_repl",
    "web_search_request",
    "apply_patch_freeform",
    "goals",
    "hooks",
    "multi_agent",
];

pub(super) const FEATURES: &[Group] = &[group(
    85,
    &[
        "[features]\nshell_snapshot = false\nundo = true",
        "[features]\nmulti_agent = false",
        "[features]\npersonality = true\njs_repl = true",
        "[features]\ncode_mode_only = true",
        "[features]\ncollab = true\nmemory_tool = true",
        "[features]\nweb_search = true",
        "[features]\nno_such_feature = true",
        "[features]\nenable_fanout = true\nmulti_agent = false",
    ],
)];

pub(super) const FEATURES_DEMANDED: &[Group] = &[group(
    75,
    &[
        "[features]\nshell_snapshot = true",
        "[features]\nmulti_agent = false\nundo = true",
        "[feature_requirements]\njs_repl = false",
        "[features]\ncollab = false",
        "[features]\ncode_mode_only = true\ncode_mode = false",
        "[features]\nno_such_feature = false",
        "[features]\npersonality = \"yes\"",
        "[features]\nenable_fanout = true",
    ],
)];

pub(super) const EXEC_FLAGS: &[&[&str]] = &[
    &["-s", "read-only"],
    &["-s", "workspace-write"],
    &["--sandbox", "danger-full-access"],
    &["--full-auto"],
    &["--dangerously-bypass-approvals-and-sandbox"],
    &["--yolo"],
    &["--approve-for-me"],
    &["-c", "sandbox_mode=workspace-write"],
    &["-c", "approval_policy=on-request"],
    &["-c", "sandbox_workspace_write.network_access=true"],
    &["-c", "sandbox_workspace_write.writable_roots=[\"/srv/flag\"]"],
    &["--add-dir", "/srv/more"],
    &["--ignore-user-config"],
    &["--ignore-rules"],
    &["-p", "work"],
    &["-m", "gpt-5.5"],
    &["-c", "nonsense"],
    &["--enable", "undo"],
    &["--enable", "no_such_feature"],
];

pub(super) const SERVER_FLAGS: &[&[&str]] = &[
    &["-c", "sandbox_mode=\"danger-full-access\""],
    &["-c", "sandbox_mode=read-only"],
    &["-c", "approval_policy=\"never\""],
    &["-c", "approval_policy=untrusted"],
    &["-c", "web_search=live"],
    &["-c", "model=gpt-5.5"],
    &["-c", "sandbox_workspace_write={network_access=true}"],
    &["-c", "sandbox_workspace_write.exclude_slash_tmp=true"],
    &["-c", "projects={\"/home/dev/proj\"={trust_level=\"trusted\"}}"],
    &["-c", "features.undo=true"],
    &["-c", "default_permissions=\":workspace\""],
    &["-c", "approvals_reviewer=auto_review"],
    &["-c", "=x"],
    &["--enable", "undo"],
    &["--disable", "shell_snapshot"],
    &["--enable", "no_such_feature"],
    &["-s", "workspace-write"],
];

pub(super) const SCREEN_FLAGS: &[&[&str]] = &[
    &["-s", "read-only"],
    &["-s", "workspace-write"],
    &["-s", "danger-full-access"],
    &["-a", "never"],
    &["-a", "on-request"],
    &["-a", "untrusted"],
    &["--full-auto"],
    &["--yolo"],
    &["--approve-for-me"],
    &["--search"],
    &["--add-dir", "/srv/more"],
    &["-p", "work"],
    &["-c", "approval_policy=never"],
    &["-c", "sandbox_mode=danger-full-access"],
    &["-c", "sandbox_workspace_write.network_access=true"],
];

/// What a client sends: the name, the words, how often.
pub(super) const CLIENT: &[(&str, &[&str], u64)] = &[
    ("approvalPolicy", &["never", "on-request", "on-failure", "untrusted"], 20),
    ("sandbox", &["read-only", "workspace-write", "danger-full-access"], 25),
    ("approvalsReviewer", &["user", "auto_review"], 10),
];
