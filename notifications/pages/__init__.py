"""Pages for people who are no users; each is opened by a link that only they have."""
