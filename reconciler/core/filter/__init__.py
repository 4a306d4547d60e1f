"""The `when` of a configuration: compiled, bounded, judged before there is any event, explained after one."""
