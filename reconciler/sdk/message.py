"""From an event to a `Message`: the plain default, and a configuration's templates over it."""
