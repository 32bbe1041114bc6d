//! Classes of domains as they are stored.

use crate::domain::facts::DomainClass;

/// A class as stored.
#[must_use]
pub fn class(text: &str) -> Option<DomainClass> {
    Some(match text {
        "internal" => DomainClass::Internal,
        "partner" => DomainClass::Partner,
        "customer" => DomainClass::Customer,
        "free" => DomainClass::Free,
        "alternate" => DomainClass::Alternate,
        _ => return None,
    })
}

/// A class as it is stored.
#[must_use]
pub fn class_text(class: DomainClass) -> &'static str {
    match class {
        DomainClass::Internal => "internal",
        DomainClass::Partner => "partner",
        DomainClass::Customer => "customer",
        DomainClass::Free => "free",
        DomainClass::Alternate => "alternate",
    }
}
