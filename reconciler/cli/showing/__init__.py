"""How verbs show what they found: shapes and formats, where reports go, the lines that findings speak of."""
