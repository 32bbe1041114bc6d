//! The admin's domain rules.

use super::{MatchingRpc, failed, record_id, store, workspace};
use crate::domain::affected::domain_key;
use crate::domain::facts::DomainClass;
use crate::store::{affected, facts, settings};
use events::matching::v1 as proto;
use events::rpc::{CallContext, RpcError};

impl MatchingRpc {
    pub(super) async fn rules(
        &self,
        request: proto::ListDomainRulesRequest,
    ) -> Result<proto::ListDomainRulesResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let rows = settings::domain_rules(&self.db.workspace(&workspace), workspace.as_str())
            .await
            .map_err(store)?;
        let rules = rows.into_iter().map(|row| proto::DomainRule {
            class: facts::class(&row.class)
                .map_or(proto::DomainClass::Unspecified, class)
                .into(),
            domain: row.domain,
            account_id: row.account_id,
        });
        Ok(proto::ListDomainRulesResponse {
            rules: rules.collect(),
        })
    }

    pub(super) async fn set_rule(
        &self,
        context: &CallContext,
        request: proto::SetDomainRuleRequest,
    ) -> Result<proto::SetDomainRuleResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let rule = request
            .rule
            .ok_or_else(|| RpcError::invalid("rule", "is missing; name the domain"))?;
        let domain = crate::domain::address::domain_key(&rule.domain).ok_or_else(|| {
            RpcError::invalid("rule.domain", "is no registrable domain, such as acme.com")
        })?;
        let account_id = record_id("rule.account_id", &rule.account_id)?.unwrap_or_default();
        let reason = vec![(domain_key(&domain), "a domain rule changed".to_owned())];
        if request.remove {
            let mut unit = self.db.begin(&workspace).await.map_err(failed)?;
            settings::remove_domain_rule(
                unit.connection(),
                workspace.as_str(),
                &domain,
                &account_id,
            )
            .await
            .map_err(store)?;
            affected::again(unit.connection(), workspace.as_str(), reason)
                .await
                .map_err(store)?;
            unit.commit().await.map_err(failed)?;
            self.changed.notify_one();
            return Ok(proto::SetDomainRuleResponse {});
        }
        let class = of_class(rule.class())?;
        if class == DomainClass::Alternate && account_id.is_empty() {
            return Err(RpcError::invalid(
                "rule.account_id",
                "is missing; name the account the domain also belongs to",
            ));
        }
        let row = settings::RuleRow {
            domain,
            account_id,
            class: facts::class_text(class).to_owned(),
        };
        let mut unit = self.db.begin(&workspace).await.map_err(failed)?;
        settings::set_domain_rule(
            unit.connection(),
            workspace.as_str(),
            &row,
            &context.caller.actor,
        )
        .await
        .map_err(store)?;
        affected::again(unit.connection(), workspace.as_str(), reason)
            .await
            .map_err(store)?;
        unit.commit().await.map_err(failed)?;
        self.changed.notify_one();
        Ok(proto::SetDomainRuleResponse {})
    }
}

pub(super) fn of_class(class: proto::DomainClass) -> Result<DomainClass, RpcError> {
    Ok(match class {
        proto::DomainClass::Unspecified => {
            return Err(RpcError::invalid(
                "rule.class",
                "is missing; say internal, partner, customer, free or alternate",
            ));
        }
        proto::DomainClass::Internal => DomainClass::Internal,
        proto::DomainClass::Partner => DomainClass::Partner,
        proto::DomainClass::Customer => DomainClass::Customer,
        proto::DomainClass::Free => DomainClass::Free,
        proto::DomainClass::Alternate => DomainClass::Alternate,
    })
}

fn class(class: DomainClass) -> proto::DomainClass {
    match class {
        DomainClass::Internal => proto::DomainClass::Internal,
        DomainClass::Partner => proto::DomainClass::Partner,
        DomainClass::Customer => proto::DomainClass::Customer,
        DomainClass::Free => proto::DomainClass::Free,
        DomainClass::Alternate => proto::DomainClass::Alternate,
    }
}
