//! What the groups a provider names give somebody here.
//!
//! Written as `crm-admins=acme:admin, platform=*:super-admin, *=acme:viewer`: a group, or `*` for everybody, then the
//! workspace and the role. Of several roles in one workspace the greatest counts.

use std::collections::BTreeMap;

use events::WorkspaceId;
use events::rpc::Role;

use super::access::person_role;

/// Most rules.
const RULES_MAX: usize = 200;
/// Stands for every group, or every workspace.
const ANY: &str = "*";

/// Rules, as configured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rules(Vec<Rule>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    /// `None` for everybody.
    group: Option<String>,
    grant: Grant,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Grant {
    SuperAdmin,
    Member(WorkspaceId, Role),
}

/// What somebody is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Grants {
    pub(crate) super_admin: bool,
    pub(crate) memberships: BTreeMap<WorkspaceId, Role>,
}

/// A rule that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "rule {0:?} is not group=workspace:role; roles are viewer, operator, admin, and super-admin in workspace *"
)]
pub(crate) struct NotARule(String);

impl Rules {
    /// Reads rules separated by commas.
    pub(crate) fn parse(text: &str) -> Result<Self, NotARule> {
        let rules = text
            .split(',')
            .map(str::trim)
            .filter(|rule| !rule.is_empty())
            .map(rule)
            .collect::<Result<Vec<_>, _>>()?;
        if rules.len() > RULES_MAX {
            return Err(NotARule(format!("number {}", RULES_MAX + 1)));
        }
        Ok(Self(rules))
    }

    /// What members of these groups are given.
    pub(crate) fn grants(&self, groups: &[String]) -> Grants {
        let mut grants = Grants::default();
        let of_them = |rule: &&Rule| {
            rule.group
                .as_ref()
                .is_none_or(|group| groups.contains(group))
        };
        for rule in self.0.iter().filter(of_them) {
            match &rule.grant {
                Grant::SuperAdmin => grants.super_admin = true,
                Grant::Member(workspace, role) => {
                    let own = grants.memberships.entry(workspace.clone()).or_insert(*role);
                    *own = (*own).max(*role);
                }
            }
        }
        grants
    }
}

fn rule(text: &str) -> Result<Rule, NotARule> {
    let wrong = || NotARule(text.to_owned());
    let (group, target) = text.rsplit_once('=').ok_or_else(wrong)?;
    let (workspace, role) = target.rsplit_once(':').ok_or_else(wrong)?;
    let role = person_role(role.trim()).ok_or_else(wrong)?;
    let grant = match (workspace.trim(), role) {
        (ANY, Role::SuperAdmin) => Grant::SuperAdmin,
        (ANY, _) | (_, Role::SuperAdmin) => return Err(wrong()),
        (workspace, role) => Grant::Member(workspace.parse().map_err(|_| wrong())?, role),
    };
    let group = Some(group.trim()).filter(|group| *group != ANY);
    if group == Some("") {
        return Err(wrong());
    }
    Ok(Rule {
        group: group.map(str::to_owned),
        grant,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_give_the_greatest_of_their_roles() {
        let rules = Rules::parse(
            "*=acme:viewer, crm=acme:admin, crm=beta:operator, cn=root,dc=x=acme:operator, ops=*:super-admin",
        );
        // A comma inside a group's name ends the rule: such names cannot be written, and are told so.
        assert!(rules.is_err());
        let rules =
            Rules::parse("*=acme:viewer, crm=acme:admin, crm=beta:operator, ops=*:super-admin")
                .expect("is read");
        let given = |groups: &[&str]| {
            let groups: Vec<String> = groups.iter().map(|&group| group.to_owned()).collect();
            let grants = rules.grants(&groups);
            let roles: Vec<String> = grants
                .memberships
                .iter()
                .map(|(workspace, role)| format!("{workspace}:{role}"))
                .collect();
            (grants.super_admin, roles.join(" "))
        };
        assert_eq!(given(&[]), (false, "acme:viewer".to_owned()));
        assert_eq!(
            given(&["crm"]),
            (false, "acme:admin beta:operator".to_owned())
        );
        assert_eq!(given(&["ops"]), (true, "acme:viewer".to_owned()));
        for wrong in [
            "crm",
            "crm=acme",
            "=acme:viewer",
            "crm=acme:root",
            "crm=*:admin",
            "crm=acme:super-admin",
            "a=b.c:viewer",
        ] {
            assert!(Rules::parse(wrong).is_err(), "{wrong}");
        }
    }
}
