//! The services console asks. Every call carries who asks, so that owners can refuse.

use chassis::RpcTransport;
use events::auth::v1::AuthClient;
use events::matching::v1::MatchingClient;
use events::metadata::v1::MetadataSyncClient;
use events::writeback::v1::WritebackClient;

/// Typed clients of the four owners.
#[derive(Clone, Debug)]
pub(crate) struct Owners {
    pub(crate) auth: AuthClient<RpcTransport>,
    pub(crate) metadata: MetadataSyncClient<RpcTransport>,
    pub(crate) matching: MatchingClient<RpcTransport>,
    pub(crate) writeback: WritebackClient<RpcTransport>,
}

impl Owners {
    pub(crate) fn new(rpc: &RpcTransport) -> Self {
        Self {
            auth: AuthClient::new(rpc.clone()),
            metadata: MetadataSyncClient::new(rpc.clone()),
            matching: MatchingClient::new(rpc.clone()),
            writeback: WritebackClient::new(rpc.clone()),
        }
    }
}
