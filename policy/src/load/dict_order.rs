//! Where a rule file lets the order of a dict decide what its calls make: asked of the syntax tree.
//!
//! A dict is a display of one, what `dict` gives, or a name that either was bound to. Its order passes through `.items()`,
//! `.keys()`, `.values()`, `list`, `enumerate` and their like, and ends at `sorted`. It matters where a loop over it makes
//! network rules or places of programs, of which the last counts, and where the words of a pattern stand in it.

use std::collections::BTreeSet;

use starlark::syntax::{AstModule, Dialect};
use starlark_syntax::syntax::ast::{
    ArgumentP, AssignTargetP, AstExpr, AstNoPayload, Clause, Expr, ForClause, Stmt, StmtP,
};
use starlark_syntax::syntax::uniplate::Visit;

use super::nesting;
use crate::source::{SourceId, Span};

/// What hangs on the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hangs {
    pub(crate) at: Span,
    /// The builtin.
    pub(crate) call: String,
    /// A loop calls it; else its pattern is in the order.
    pub(crate) looped: bool,
}

const LAST_COUNTS: &[&str] = &["network_rule", "host_executable"];
const KEEP_ORDER: &[&str] = &["list", "tuple", "enumerate", "reversed", "zip"];
/// Deeper texts are not looked at: nobody writes them, and looking takes stack.
const DEEPEST: usize = 200;

/// Every such place of a text that is in the language.
pub(crate) fn dict_order(text: &str, source: SourceId) -> Vec<Hangs> {
    if nesting::too_deep(text, DEEPEST).is_some() {
        return Vec::new();
    }
    let dialect = Dialect { enable_f_strings: true, ..Dialect::Extended };
    let Ok(ast) = AstModule::parse("rules", text.to_owned(), &dialect) else { return Vec::new() };
    let mut names = Names::default();
    // What is bound to a name that was bound later is seen the second time.
    for _ in 0..3 {
        names.learn(&Visit::Stmt(ast.statement()));
    }
    let mut found = Vec::new();
    names.look(&Visit::Stmt(ast.statement()), source, &mut found);
    found.sort_by_key(|hangs| hangs.at.start);
    found.dedup_by(|one, other| one.at == other.at);
    found
}

#[derive(Default)]
struct Names {
    /// Names of dicts.
    dicts: BTreeSet<String>,
    /// Names of what is in the order of one.
    ordered: BTreeSet<String>,
    /// Functions that make what the last call decides, with what they call.
    makers: BTreeSet<(String, String)>,
}

type Node<'a> = Visit<'a, AstNoPayload>;

fn all<'a>(node: &Node<'a>, seen: &mut dyn FnMut(&Node<'a>)) {
    seen(node);
    node.visit_children(|child| all(&child, seen));
}

impl Names {
    fn learn(&mut self, root: &Node<'_>) {
        let mut bound: Vec<(String, bool)> = Vec::new();
        let mut makers: Vec<(String, String)> = Vec::new();
        all(root, &mut |node| {
            let Visit::Stmt(statement) = node else { return };
            match &statement.node {
                StmtP::Assign(assign) => {
                    if let AssignTargetP::Identifier(name) = &assign.lhs.node {
                        if self.is_dict(&assign.rhs) {
                            bound.push((name.node.ident.clone(), true));
                        } else if self.is_ordered(&assign.rhs) {
                            bound.push((name.node.ident.clone(), false));
                        }
                    }
                }
                StmtP::Def(def) => {
                    let made = self.makes(&Visit::Stmt(&def.body));
                    makers.extend(made.map(|call| (def.name.node.ident.clone(), call)));
                }
                _ => {}
            }
        });
        for (name, dict) in bound {
            if dict {
                self.dicts.insert(name)
            } else {
                self.ordered.insert(name)
            };
        }
        self.makers.extend(makers);
    }

    fn look(&self, root: &Node<'_>, source: SourceId, found: &mut Vec<Hangs>) {
        let at = |start: u32, end: u32| Span { source, start, end };
        all(root, &mut |node| match node {
            Visit::Stmt(statement) => {
                if let Stmt::For(each) = &statement.node
                    && self.in_order(&each.over)
                    && let Some(call) = self.makes(&Visit::Stmt(&each.body))
                {
                    let span = statement.span;
                    let end = each.over.span.end().get();
                    found.push(Hangs { at: at(span.begin().get(), end), call, looped: true });
                }
            }
            Visit::Expr(expression) => self.look_at(expression, &at, found),
        });
    }

    fn look_at(&self, expression: &AstExpr, at: &dyn Fn(u32, u32) -> Span, found: &mut Vec<Hangs>) {
        let span = expression.span;
        let here = at(span.begin().get(), span.end().get());
        match &expression.node {
            Expr::ListComprehension(body, first, clauses) => {
                let mut loops: Vec<&ForClause> = vec![first];
                loops.extend(clauses.iter().filter_map(|clause| match clause {
                    Clause::For(each) => Some(each),
                    Clause::If(_) => None,
                }));
                if loops.iter().any(|each| self.in_order(&each.over))
                    && let Some(call) = self.makes(&Visit::Expr(body))
                {
                    found.push(Hangs { at: here, call, looped: true });
                }
            }
            Expr::Call(callee, arguments) => {
                let Expr::Identifier(name) = &callee.node else { return };
                if name.node.ident != "prefix_rule" {
                    return;
                }
                let pattern = arguments.args.iter().enumerate().find_map(|(number, argument)| match &argument.node {
                    ArgumentP::Positional(value) if number == 0 => Some(value),
                    ArgumentP::Named(name, value) if name.node == "pattern" => Some(value),
                    _ => None,
                });
                if pattern.is_some_and(|pattern| self.in_order(pattern) || self.picks(pattern)) {
                    found.push(Hangs { at: here, call: "prefix_rule".to_owned(), looped: false });
                }
            }
            _ => {}
        }
    }

    /// Whether an expression, or a part of it, is one certain word of an order.
    fn picks(&self, expression: &AstExpr) -> bool {
        let mut found = false;
        all(&Visit::Expr(expression), &mut |node| {
            let Visit::Expr(part) = node else { return };
            found |= match &part.node {
                Expr::Index(of) => self.is_ordered(&of.0),
                Expr::Slice(of, ..) => self.is_ordered(of),
                Expr::Op(one, _, other) => self.is_ordered(one) || self.is_ordered(other),
                Expr::Call(callee, arguments) => {
                    let joins = matches!(&callee.node, Expr::Dot(_, name) if name.node == "join");
                    joins && arguments.args.iter().any(|argument| self.in_order(argument.node.expr()))
                }
                _ => false,
            };
        });
        found
    }

    fn in_order(&self, expression: &AstExpr) -> bool {
        self.is_dict(expression) || self.is_ordered(expression)
    }

    fn is_dict(&self, expression: &AstExpr) -> bool {
        match &expression.node {
            Expr::Dict(_) | Expr::DictComprehension(..) => true,
            Expr::Identifier(name) => self.dicts.contains(&name.node.ident),
            Expr::Call(callee, _) => matches!(&callee.node, Expr::Identifier(name) if name.node.ident == "dict"),
            Expr::Op(one, _, other) => self.is_dict(one) && self.is_dict(other),
            _ => false,
        }
    }

    fn is_ordered(&self, expression: &AstExpr) -> bool {
        match &expression.node {
            Expr::Identifier(name) => self.ordered.contains(&name.node.ident),
            Expr::Call(callee, arguments) => match &callee.node {
                Expr::Dot(_, name) => matches!(name.node.as_str(), "items" | "keys" | "values"),
                Expr::Identifier(name) => {
                    KEEP_ORDER.contains(&name.node.ident.as_str())
                        && arguments.args.iter().any(|argument| self.in_order(argument.node.expr()))
                }
                _ => false,
            },
            Expr::ListComprehension(_, first, _) => self.in_order(&first.over),
            Expr::Slice(of, ..) => self.is_ordered(of),
            _ => false,
        }
    }

    /// What of which the last counts is made in there.
    fn makes(&self, root: &Node<'_>) -> Option<String> {
        let mut made = None;
        all(root, &mut |node| {
            let Visit::Expr(expression) = node else { return };
            let Expr::Call(callee, _) = &expression.node else { return };
            let Expr::Identifier(name) = &callee.node else { return };
            let name = name.node.ident.as_str();
            if LAST_COUNTS.contains(&name) {
                made = Some(name.to_owned());
            } else if let Some((_, call)) = self.makers.iter().find(|(maker, _)| maker == name) {
                made = Some(call.clone());
            }
        });
        made
    }
}
