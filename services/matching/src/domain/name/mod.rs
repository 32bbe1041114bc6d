//! Names: of people and of companies. Normal forms, what may stand for what, and how alike two are (matching guide,
//! sections 2, 5.3 and 10).

pub mod company;
pub mod fold;
pub mod index;
pub mod nickname;
pub mod pair;
pub mod person;
pub mod sound;
