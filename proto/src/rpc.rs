//! Requests and replies, without a transport: who asks, what an error says, and the two traits generated code stands on.

use bytes::Bytes;
use std::fmt;
use std::future::Future;
use std::str::FromStr;
use std::time::Duration;

/// What a caller may do; ordered, so that `role >= Role::Admin` reads as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads, never causes a write.
    Viewer,
    /// Watches and checks access, never reconfigures.
    Operator,
    /// Configures and decides.
    Admin,
    /// Everything, in every workspace.
    SuperAdmin,
    /// One of our own services.
    Service,
}

impl Role {
    /// As it travels in a header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
            Self::SuperAdmin => "super-admin",
            Self::Service => "service",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = RpcError;
    fn from_str(text: &str) -> Result<Self, RpcError> {
        match text {
            "viewer" => Ok(Self::Viewer),
            "operator" => Ok(Self::Operator),
            "admin" => Ok(Self::Admin),
            "super-admin" => Ok(Self::SuperAdmin),
            "service" => Ok(Self::Service),
            _ => Err(RpcError::invalid(
                "role",
                "is not one of viewer, operator, admin, super-admin, service",
            )),
        }
    }
}

/// Who asks. Trusted because only console and our services may publish on `ergo.rpc.>` (NATS permissions).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// `user:ann@acme.com` or `service:writeback`.
    pub actor: String,
    /// What they may do.
    pub role: Role,
    /// Id of the request that led here, for logs and audit.
    pub request_id: String,
}

impl Caller {
    /// One of our services, asking for itself.
    #[must_use]
    pub fn service(name: &str) -> Self {
        Self {
            actor: format!("service:{name}"),
            role: Role::Service,
            request_id: String::new(),
        }
    }
}

/// What travels with each request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallContext {
    /// Who asks.
    pub caller: Caller,
    /// How long they wait.
    pub timeout: Duration,
}

impl CallContext {
    /// Refuses callers below `least`.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], naming the role needed.
    pub fn require(&self, least: Role) -> Result<(), RpcError> {
        if self.caller.role >= least {
            return Ok(());
        }
        Err(RpcError::new(
            Code::PermissionDenied,
            format!(
                "the role {} may not do this; it needs {least}",
                self.caller.role
            ),
        ))
    }
}

/// How a call failed. The numbers travel in `Nats-Service-Error-Code` and are HTTP's, so that any tool understands them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// A field of the request is wrong.
    InvalidArgument,
    /// The caller's role is not enough.
    PermissionDenied,
    /// Nothing by that id.
    NotFound,
    /// It exists already, or somebody was faster.
    AlreadyExists,
    /// Not in this state.
    FailedPrecondition,
    /// Too large or too many at once.
    ResourceExhausted,
    /// The owner failed; its log knows why.
    Internal,
    /// Nobody answers, or what they need is away.
    Unavailable,
    /// No answer in time: it may still happen.
    DeadlineExceeded,
}

impl Code {
    /// The number it travels as.
    #[must_use]
    pub fn number(self) -> u16 {
        match self {
            Self::InvalidArgument => 400,
            Self::PermissionDenied => 403,
            Self::NotFound => 404,
            Self::AlreadyExists => 409,
            Self::FailedPrecondition => 412,
            Self::ResourceExhausted => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
            Self::DeadlineExceeded => 504,
        }
    }

    /// The code of a number; an unknown one is [`Code::Internal`].
    #[must_use]
    pub fn from_number(number: u16) -> Self {
        match number {
            400 => Self::InvalidArgument,
            403 => Self::PermissionDenied,
            404 => Self::NotFound,
            409 => Self::AlreadyExists,
            412 => Self::FailedPrecondition,
            429 => Self::ResourceExhausted,
            503 => Self::Unavailable,
            504 => Self::DeadlineExceeded,
            _ => Self::Internal,
        }
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn retryable(self) -> bool {
        match self {
            Self::ResourceExhausted | Self::Unavailable | Self::DeadlineExceeded => true,
            Self::InvalidArgument
            | Self::PermissionDenied
            | Self::NotFound
            | Self::AlreadyExists
            | Self::FailedPrecondition
            | Self::Internal => false,
        }
    }
}

/// Why a call failed, fit to be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", .field.as_deref().map(|field| format!("{field} ")).unwrap_or_default())]
pub struct RpcError {
    /// How.
    pub code: Code,
    /// For a person, with the fix; no secrets, no record values.
    pub message: String,
    /// The request field it is about.
    pub field: Option<String>,
}

impl RpcError {
    /// An error about the whole request.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
        }
    }

    /// An error about one field: `problem` reads on from its name.
    pub fn invalid(field: &str, problem: impl Into<String>) -> Self {
        Self {
            code: Code::InvalidArgument,
            message: problem.into(),
            field: Some(field.to_owned()),
        }
    }

    /// Nothing by that id.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            Code::NotFound,
            format!("{what} is not known in this workspace"),
        )
    }

    /// A method this version does not have.
    #[must_use]
    pub fn unknown_method(service: &str, method: &str) -> Self {
        let method: String = method
            .chars()
            .filter(char::is_ascii_graphic)
            .take(64)
            .collect();
        Self::new(
            Code::NotFound,
            format!("{service} has no method {method}; is it older than the caller?"),
        )
    }
}

/// Carries requests. Implemented once, over NATS, by the chassis.
pub trait Transport: Clone + Send + Sync + 'static {
    /// Sends `payload` to `subject` and waits for the answer, at most `context.timeout`.
    fn call(
        &self,
        subject: &'static str,
        context: &CallContext,
        payload: Vec<u8>,
    ) -> impl Future<Output = Result<Bytes, RpcError>> + Send;
}

/// Answers requests. Implemented by generated `<Service>Server`s.
pub trait Dispatch: Send + Sync + 'static {
    /// The service's token in `ergo.rpc.<service>.<method>`.
    const SERVICE: &'static str;
    /// Its methods.
    const METHODS: &'static [&'static str];

    /// Answers one request.
    fn dispatch(
        &self,
        method: &str,
        context: CallContext,
        payload: Bytes,
    ) -> impl Future<Output = Result<Bytes, RpcError>> + Send;
}

/// Decodes a request or answer.
///
/// # Errors
/// [`Code::InvalidArgument`] when the bytes are not the message.
pub fn decode<M: prost::Message + Default>(payload: Bytes) -> Result<M, RpcError> {
    M::decode(payload).map_err(|error| {
        RpcError::new(
            Code::InvalidArgument,
            format!("payload is not the expected message: {error}"),
        )
    })
}

/// Encodes an answer.
pub fn encode<M: prost::Message>(message: &M) -> Bytes {
    message.encode_to_vec().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: [Code; 9] = [
        Code::InvalidArgument,
        Code::PermissionDenied,
        Code::NotFound,
        Code::AlreadyExists,
        Code::FailedPrecondition,
        Code::ResourceExhausted,
        Code::Internal,
        Code::Unavailable,
        Code::DeadlineExceeded,
    ];

    #[test]
    fn a_code_survives_its_number() {
        for code in CODES {
            assert_eq!(Code::from_number(code.number()), code);
        }
    }

    #[test]
    fn an_error_names_the_field_and_the_problem() {
        let error = RpcError::invalid("workspace", "is missing; name the workspace");
        insta::assert_snapshot!(error, @"workspace is missing; name the workspace");
    }

    #[test]
    fn a_viewer_may_not_do_what_needs_an_admin() {
        let caller = Caller {
            actor: "user:v".into(),
            role: Role::Viewer,
            request_id: String::new(),
        };
        let context = CallContext {
            caller,
            timeout: Duration::from_secs(1),
        };
        assert_eq!(
            context.require(Role::Admin).unwrap_err().code,
            Code::PermissionDenied
        );
        assert!(context.require(Role::Viewer).is_ok());
    }
}
