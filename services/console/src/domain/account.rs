//! What an account's address and password must look like.

/// Longest address, in characters (RFC 5321).
const EMAIL_CHARACTERS_MAX: usize = 254;
/// Shortest password, in characters: length is what makes guessing expensive, so there are no other rules.
pub(crate) const PASSWORD_CHARACTERS_MIN: usize = 10;
/// Longest password, in bytes, so that hashing has a bound.
pub(crate) const PASSWORD_BYTES_MAX: usize = 512;
/// Longest name, in characters.
pub(crate) const NAME_CHARACTERS_MAX: usize = 128;

/// What is wrong with an account's field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    /// Not an address.
    #[error("is not an e-mail address; write it as ann@example.com")]
    Email,
    /// Too short.
    #[error("is too short; take at least {PASSWORD_CHARACTERS_MIN} characters")]
    PasswordShort,
    /// Too long.
    #[error("is too long; take at most {PASSWORD_BYTES_MAX} bytes")]
    PasswordLong,
    /// Too long.
    #[error("is too long; take at most {NAME_CHARACTERS_MAX} characters")]
    NameLong,
}

/// The address as it is stored and compared: trimmed, lower case.
pub(crate) fn email(text: &str) -> Result<String, Problem> {
    let email = text.trim().to_lowercase();
    let printable = !email.chars().any(|c| c.is_whitespace() || c.is_control());
    let parts = email.split_once('@');
    let shaped = parts.is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    if printable && shaped && email.chars().count() <= EMAIL_CHARACTERS_MAX {
        Ok(email)
    } else {
        Err(Problem::Email)
    }
}

/// A password somebody chose.
pub(crate) fn password(text: &str) -> Result<(), Problem> {
    if text.chars().count() < PASSWORD_CHARACTERS_MIN {
        return Err(Problem::PasswordShort);
    }
    if text.len() > PASSWORD_BYTES_MAX {
        return Err(Problem::PasswordLong);
    }
    Ok(())
}

/// A person's or token's name.
pub(crate) fn name(text: &str) -> Result<String, Problem> {
    let name = text.trim();
    if name.chars().count() > NAME_CHARACTERS_MAX {
        return Err(Problem::NameLong);
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_in_lower_case() {
        assert_eq!(email(" Ann@Example.COM ").as_deref(), Ok("ann@example.com"));
        for bad in [
            "",
            "ann",
            "@x",
            "ann@",
            "a@b@c",
            "a b@c",
            &format!("{}@x", "a".repeat(300)),
        ] {
            assert_eq!(email(bad), Err(Problem::Email), "{bad}");
        }
    }

    #[test]
    fn a_password_has_a_least_and_a_greatest_length() {
        assert_eq!(password("123456789"), Err(Problem::PasswordShort));
        assert_eq!(password("1234567890"), Ok(()));
        assert_eq!(password(&"x".repeat(600)), Err(Problem::PasswordLong));
    }
}
