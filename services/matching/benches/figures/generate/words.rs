//! What names, companies and titles are made of.

pub(super) const FIRST: [&str; 24] = [
    "Robert",
    "Patricia",
    "William",
    "Margaret",
    "Charles",
    "Elizabeth",
    "Thomas",
    "Susan",
    "Richard",
    "Katherine",
    "Edward",
    "Deborah",
    "Samuel",
    "Theodore",
    "Jennifer",
    "Nicholas",
    "Victoria",
    "Benjamin",
    "Rebecca",
    "Alexander",
    "Christina",
    "Daniel",
    "Joseph",
    "Michael",
];
pub(super) const NICK: [&str; 24] = [
    "Bob", "Trish", "Bill", "Peggy", "Chuck", "Beth", "Tom", "Sue", "Dick", "Kate", "Ted",
    "Debbie", "Sam", "Ted", "Jenny", "Nick", "Vicky", "Ben", "Becky", "Sasha", "Tina", "Danny",
    "Joe", "Mike",
];
pub(super) const PARTS: [&str; 30] = [
    "bar", "cor", "den", "fal", "gor", "hal", "jun", "kel", "lam", "mor", "nor", "pel", "quin",
    "ros", "sal", "tam", "ulm", "ver", "wen", "yor", "zan", "bri", "cla", "dru", "fen", "gri",
    "ost", "pra", "ste", "tri",
];
pub(super) const TRADES: [&str; 12] = [
    "Robotics",
    "Foods",
    "Logistics",
    "Pharma",
    "Textiles",
    "Optics",
    "Shipping",
    "Ceramics",
    "Turbines",
    "Biotech",
    "Paper",
    "Steelworks",
];
pub(super) const FORMS: [&str; 5] = ["Inc.", "GmbH", "Ltd", "S.A.", "AB"];
pub(super) const VAGUE: [&str; 6] = [
    "Weekly sync",
    "Catch up",
    "Follow up",
    "Next steps",
    "Demo",
    "Quick call",
];
