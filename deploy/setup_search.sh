#!/usr/bin/env bash
# Run by the search-setup container at each start, to the same end: Kibana's password, and Newswire's role and user.
# Needs SEARCH_URL, ELASTIC_PASSWORD, KIBANA_SYSTEM_PASSWORD and NEWSWIRE_SEARCH_PASSWORD.
set -euo pipefail

# security METHOD PATH BODY: one call to the security API as the superuser; a refusal ends the script with its reason.
security() {
  echo "$1 $2"
  curl --silent --show-error --fail-with-body --user "elastic:$ELASTIC_PASSWORD" \
    --request "$1" "$SEARCH_URL/_security/$2" --header 'Content-Type: application/json' --data "$3"
  echo
}

security POST user/kibana_system/_password "{\"password\": \"$KIBANA_SYSTEM_PASSWORD\"}"

security PUT role/newswire '{
  "cluster": ["monitor"],
  "indices": [{"names": ["articles", "articles-*", "article-versions", "article-versions-*"], "privileges": ["all"]}]
}'

security PUT user/newswire "{\"password\": \"$NEWSWIRE_SEARCH_PASSWORD\", \"roles\": [\"newswire\"]}"
