//! Property permissions: the first of the two locks.

use chassis::Cause;
use events::rpc::{CallContext, RpcError};
use events::writeback::v1::{
    GetPermissionsRequest, GetPermissionsResponse, PermissionMode, PropertyPermission,
    SetPermissionsRequest, SetPermissionsResponse,
};
use salesforce::{FieldName, ObjectName};

use super::{Api, failed, workspace};
use crate::domain::settings::{Mode, Permissions};
use crate::store::audit::{self, Entry};
use crate::store::{config, settings};
use crate::wire;

/// Permissions set by one request.
const PERMISSIONS_MAX: usize = 500;

impl Api {
    pub(super) async fn permissions(
        &self,
        request: GetPermissionsRequest,
    ) -> Result<GetPermissionsResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let mut connection = self
            .scope(workspace)?
            .acquire()
            .await
            .map_err(|error| failed(error.into()))?;
        let permissions = settings::permissions(&mut connection, workspace)
            .await
            .map_err(failed)?;
        Ok(GetPermissionsResponse {
            permissions: sent(permissions),
        })
    }

    pub(super) async fn change_permissions(
        &self,
        context: &CallContext,
        request: SetPermissionsRequest,
    ) -> Result<SetPermissionsResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        if request.permissions.len() > PERMISSIONS_MAX {
            return Err(RpcError::invalid(
                "permissions",
                format!("has more than {PERMISSIONS_MAX} entries"),
            ));
        }
        for permission in &request.permissions {
            check(permission)?;
        }
        let mut unit = self.scope(workspace)?.begin().await.map_err(failed)?;
        settings::ensure(unit.connection(), &[workspace.to_owned()])
            .await
            .map_err(failed)?;
        let before = settings::permissions(unit.connection(), workspace)
            .await
            .map_err(failed)?;
        let mut entries = Vec::new();
        for permission in &request.permissions {
            let mode = wire::mode_sent(permission.mode()).unwrap_or(Mode::Off);
            let create = wire::mode_sent(permission.create_mode()).unwrap_or(Mode::Off);
            let known = known(&before, permission);
            if known == Some((mode, create)) {
                continue;
            }
            config::set_permission(
                unit.connection(),
                workspace,
                &permission.object,
                &permission.field,
                mode,
                create,
            )
            .await
            .map_err(failed)?;
            entries.push(Entry {
                workspace,
                action: "permission.set",
                subject: if permission.field.is_empty() {
                    permission.object.clone()
                } else {
                    format!("{}.{}", permission.object, permission.field)
                },
                before: known.map(json),
                after: Some(json((mode, create))),
            });
        }
        // Setting what is set already closes no gate.
        if !entries.is_empty() {
            config::settings_moved(unit.connection(), workspace)
                .await
                .map_err(failed)?;
            audit::add(
                unit.connection(),
                &context.caller,
                &Cause::current(),
                entries,
            )
            .await
            .map_err(failed)?;
        }
        let after = settings::permissions(unit.connection(), workspace)
            .await
            .map_err(failed)?;
        unit.commit().await.map_err(failed)?;
        self.wake.gates();
        Ok(SetPermissionsResponse {
            permissions: sent(after),
        })
    }
}

fn known(permissions: &Permissions, named: &PropertyPermission) -> Option<(Mode, Mode)> {
    if named.field.is_empty() {
        permissions.objects.get(&named.object).copied()
    } else {
        let key = (named.object.clone(), named.field.clone());
        permissions.fields.get(&key).map(|mode| (*mode, Mode::Off))
    }
}

fn check(permission: &PropertyPermission) -> Result<(), RpcError> {
    ObjectName::parse(&permission.object)
        .map_err(|error| RpcError::invalid("permissions.object", error.to_string()))?;
    if !permission.field.is_empty() {
        FieldName::parse(&permission.field)
            .map_err(|error| RpcError::invalid("permissions.field", error.to_string()))?;
        if permission.create_mode() != PermissionMode::Unspecified
            && permission.create_mode() != PermissionMode::Off
        {
            return Err(RpcError::invalid(
                "permissions.create_mode",
                "is for objects; leave it out where a field is named",
            ));
        }
    }
    Ok(())
}

fn json((mode, create): (Mode, Mode)) -> String {
    format!(
        r#"{{"mode":"{}","create_mode":"{}"}}"#,
        mode.as_str(),
        create.as_str()
    )
}

fn sent(permissions: Permissions) -> Vec<PropertyPermission> {
    let mut out: Vec<PropertyPermission> = permissions
        .objects
        .into_iter()
        .map(|(object, (mode, create))| PropertyPermission {
            object,
            field: String::new(),
            mode: wire::mode(mode).into(),
            create_mode: wire::mode(create).into(),
        })
        .collect();
    out.extend(
        permissions
            .fields
            .into_iter()
            .map(|((object, field), mode)| PropertyPermission {
                object,
                field,
                mode: wire::mode(mode).into(),
                create_mode: PermissionMode::Unspecified.into(),
            }),
    );
    out.sort_by(|a, b| (&a.object, &a.field).cmp(&(&b.object, &b.field)));
    out
}
