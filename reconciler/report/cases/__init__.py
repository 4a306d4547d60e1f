"""Reports about test cases: for people, as JSON, and as JUnit XML."""
