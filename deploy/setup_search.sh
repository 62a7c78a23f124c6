#!/usr/bin/env bash
# Run by the search-setup container at each start, to the same end: Kibana's password.
# Needs SEARCH_URL, ELASTIC_PASSWORD and KIBANA_SYSTEM_PASSWORD.
set -euo pipefail

# security METHOD PATH BODY: one call to the security API as the superuser; a refusal ends the script with its reason.
security() {
  echo "$1 $2"
  curl --silent --show-error --fail-with-body --user "elastic:$ELASTIC_PASSWORD" \
    --request "$1" "$SEARCH_URL/_security/$2" --header 'Content-Type: application/json' --data "$3"
  echo
}

security POST user/kibana_system/_password "{\"password\": \"$KIBANA_SYSTEM_PASSWORD\"}"
