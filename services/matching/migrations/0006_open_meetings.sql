-- Meetings past their time are looked for again and again: by when that is, not by reading every meeting.
create index meeting_open on matching.meeting (open_until) where open_until is not null;
