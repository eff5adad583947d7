"""What an app may see: scopes, grants and the policy on sensitive claims. Pure: no database, no web."""
