"""A rehearsal: an integration's code makes a delivery as it would in the daemon, and nothing is sent anywhere."""
