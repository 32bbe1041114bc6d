#![doc = include_str!("../README.md")]

pub mod auth_rpc;
mod client;
mod dns;
pub mod error;
pub mod host;

mod id;
mod name;
pub mod oauth;
mod options;
mod org;
pub mod soql;
mod telemetry;
pub mod time;
mod token;
mod usage;
mod value;
mod wire;

pub use client::{LoginChoice, Salesforce};
pub use error::{ApiError, Class, Code, Duplicates, Error, Outcome};

pub use id::{Id, IdError};
pub use name::{FieldName, FieldPath, NameError, ObjectName};
pub use options::{API_VERSION_DEFAULT, Options, OptionsError, SpecialCloud};
pub use org::*;
pub use token::{AccessToken, TokenSource, TokenSourceError};
pub use usage::ApiUsage;
pub use value::{Children, Record, Reference, Value};
pub use wire::TransportError;
