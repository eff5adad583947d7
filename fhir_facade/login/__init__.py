"""From "who are you" to "may this app see it": log-in attempts, linking to exactly one member, consent."""
