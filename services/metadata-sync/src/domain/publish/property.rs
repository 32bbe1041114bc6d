//! The checks of the property catalogue. It needs no org: what upstream looks for is ours to say.

use std::collections::BTreeSet;

use super::Problem;
use super::entry::is_key;
use crate::domain::mapping::TEXT_CHARACTERS_MAX;
use crate::domain::property::{OPTIONS_MAX, PROMPT_CHARACTERS_MAX, PROPERTIES_MAX, Property};

pub(super) fn check(properties: &[Property], found: &mut Vec<Problem>) {
    let mut push = |field, message: String, fix: &str| {
        found.push(Problem {
            entry_id: String::new(),
            field,
            message,
            fix: fix.to_owned(),
        });
    };
    if properties.len() > PROPERTIES_MAX {
        push(
            "properties",
            format!(
                "there are {} properties and the limit is {PROPERTIES_MAX}",
                properties.len()
            ),
            "remove properties",
        );
        return;
    }
    let mut keys = BTreeSet::new();
    for property in properties {
        let key = &property.key;
        if !is_key(key, false) {
            push(
                "properties.key",
                format!("{key:?} is not a property key"),
                "use 1 to 64 of a-z, 0-9 and _",
            );
        } else if !keys.insert(key) {
            push(
                "properties.key",
                format!("property {key:?} is there twice"),
                "keep one of them",
            );
        }
        if property.label.trim().is_empty() || property.label.chars().count() > TEXT_CHARACTERS_MAX
        {
            push(
                "properties.label",
                format!("the label of property {key:?} is empty or longer than 255 characters"),
                "name it for a person",
            );
        }
        if property.prompt.chars().count() > PROMPT_CHARACTERS_MAX {
            push(
                "properties.prompt",
                format!(
                    "the description of property {key:?} is longer than {PROMPT_CHARACTERS_MAX} characters"
                ),
                "shorten it",
            );
        }
        match property.kind {
            None => push(
                "properties.type",
                format!("property {key:?} has no type"),
                "choose one, for example text",
            ),
            Some(kind) => options(property, kind.has_options(), &mut push),
        }
    }
}

fn options(
    property: &Property,
    wanted: bool,
    push: &mut impl FnMut(&'static str, String, &'static str),
) {
    let key = &property.key;
    match (wanted, property.options.is_empty()) {
        (true, true) => push(
            "properties.options",
            format!("property {key:?} takes options and has none"),
            "list its options, or choose another type",
        ),
        (false, false) => push(
            "properties.options",
            format!("property {key:?} has options and its type takes none"),
            "remove the options, or choose the type option",
        ),
        (true, false) | (false, true) => {}
    }
    if property.options.len() > OPTIONS_MAX {
        push(
            "properties.options",
            format!("property {key:?} has more than {OPTIONS_MAX} options"),
            "remove some",
        );
    }
    let mut said = BTreeSet::new();
    for option in &property.options {
        let fits = !option.trim().is_empty() && option.chars().count() <= TEXT_CHARACTERS_MAX;
        if !fits || !said.insert(option.trim().to_lowercase()) {
            push(
                "properties.options",
                format!(
                    "an option of property {key:?} is empty, too long or given twice: {option:?}"
                ),
                "keep each option once, in at most 255 characters",
            );
        }
    }
}
