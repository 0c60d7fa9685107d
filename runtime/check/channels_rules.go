// SPDX-License-Identifier: Apache-2.0

// This file checks what the settings of one kind of channel or block say about each other, as Alertmanager and the
// operators do. Which settings there have to be is said by the constructors.

package check

import (
	"fmt"
	"net/textproto"
	"strings"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// conflict reports that settings do not go together.
func (c *checker) conflict(origin score.Origin, argument, summary, fix string) {
	c.report(problem{code: "conflicting-settings", origin: origin, argument: argument, summary: summary, fix: fix})
}

// channelRules checks what one kind of channel wants beyond the formats of its settings.
func (c *checker) channelRules(who string, channel score.AlertChannel) {
	r, origin := channel.Receiver, channel.Origin
	switch r.Integration {
	case "email":
		c.emailHeaders(who, r, origin)
	case "incidentio":
		authorized := hasAuthorization(r)
		if _, token := r.Field("alert_source_token"); token && authorized {
			c.conflict(origin, "alert_source_token", who+": got alert_source_token and http_config.authorization, want only one of them", "leave out one of them")
		} else if !token && !authorized {
			c.conflict(origin, "http_config", who+": http_config: got no authorization, want one, or alert_source_token",
				`write alert_source_token = secret(env = "INCIDENTIO_TOKEN")`)
		}
	case "pushover":
		c.pushover(who, r, origin)
	case "slack":
		if _, token := r.Field("app_token"); token && hasAuthorization(r) {
			c.conflict(origin, "http_config", who+": got app_token and http_config.authorization, want only one of them", "leave out one of them")
		}
	case "telegram":
		if id, ok := fieldAs[int64](r.Fields, "chat_id"); ok && id == 0 {
			c.report(problem{code: "out-of-range", origin: origin, argument: "chat_id", summary: who + ": chat_id: got 0, want the number of a chat"})
		}
	case "victorops":
		c.victoropsFields(who, r, origin)
	case "webex":
		if _, given := r.Field("http_config"); given && !hasAuthorization(r) {
			c.conflict(origin, "http_config", who+": http_config: got no authorization, want the bot's token there",
				`write http_config(authorization = authorization(credentials = secret(env = "WEBEX_TOKEN")))`)
		}
	}
}

// blockRules checks what one kind of block wants.
func (c *checker) blockRules(who, path string, b score.Block, origin score.Origin) {
	switch b.Constructor {
	case "tls_config":
		c.tlsRules(who, path, b, origin)
	case "http_config":
		c.httpHeaders(who, path, b, origin)
	case "authorization":
		if kind, _ := fieldAs[string](b.Fields, "type"); strings.EqualFold(strings.TrimSpace(kind), "basic") {
			c.report(problem{
				code: "conflicting-settings", origin: origin, argument: "type", value: kind,
				summary: fmt.Sprintf("%s: %s: got the type %s, which servers take as user and password only", who, path, shown(kind)),
				fix:     "use basic_auth instead",
			})
		}
	}
}

// tlsRules checks versions and verification.
func (c *checker) tlsRules(who, path string, b score.Block, origin score.Origin) {
	oldest, hasOldest := fieldAs[string](b.Fields, "min_version")
	newest, hasNewest := fieldAs[string](b.Fields, "max_version")
	// The names of the versions sort as the versions do.
	if hasOldest && hasNewest && oldest > newest {
		c.conflict(origin, "max_version", fmt.Sprintf("%s: %s: got max_version %s below min_version %s, want it the same or newer", who, path, newest, oldest), "swap them")
	}
	if skip, _ := fieldAs[bool](b.Fields, "insecure_skip_verify"); skip {
		for _, f := range b.Fields {
			if f.Name == "ca" {
				c.conflict(origin, "insecure_skip_verify", fmt.Sprintf("%s: %s: got ca and insecure_skip_verify, and nothing is verified with it", who, path), "leave out insecure_skip_verify")
			}
		}
	}
}

// fieldAs returns a setting that has this type.
func fieldAs[T any](fields []score.Field, name string) (value T, ok bool) {
	for _, f := range fields {
		if f.Name == name {
			value, ok = f.Value.(T)
			return value, ok
		}
	}
	return value, false
}

// blockOf returns the settings of a block, however it was made.
func blockOf(fields []score.Field, name string) []score.Field {
	if b, ok := fieldAs[score.Block](fields, name); ok {
		return b.Fields
	}
	inner, _ := fieldAs[[]score.Field](fields, name)
	return inner
}

func hasAuthorization(r score.Receiver) bool {
	return len(blockOf(blockOf(r.Fields, "http_config"), "authorization")) > 0
}

// emailHeaders wants every header once, and none that threading makes.
func (c *checker) emailHeaders(who string, r score.Receiver, origin score.Origin) {
	headers, _ := fieldAs[[]score.Field](r.Fields, "headers")
	threaded := len(blockOf(r.Fields, "threading")) > 0
	seen := map[string]string{}
	for _, h := range headers {
		name, at := textproto.CanonicalMIMEHeaderKey(h.Name), entry("headers", h.Name)
		if before, twice := seen[name]; twice {
			c.report(problem{
				code: "conflicting-settings", origin: origin, argument: at, key: true,
				summary: fmt.Sprintf("%s: headers: got %q and %q, which are the same header", who, before, h.Name), fix: "leave out one of them",
			})
		}
		seen[name] = h.Name
		if threaded && (name == "References" || name == "In-Reply-To") {
			c.report(problem{
				code: "conflicting-settings", origin: origin, argument: at, key: true,
				summary: fmt.Sprintf("%s: headers: got %q and threading, which makes that header", who, h.Name), fix: "leave out one of them",
			})
		}
	}
}

// Pushover's limits for messages that have to be acknowledged.
const (
	leastPushoverRetry = 30 * time.Second
	mostPushoverExpire = 3 * time.Hour
)

func (c *checker) pushover(who string, r score.Receiver, origin score.Origin) {
	html, _ := fieldAs[bool](r.Fields, "html")
	if monospace, _ := fieldAs[bool](r.Fields, "monospace"); html && monospace {
		c.conflict(origin, "monospace", who+": got html and monospace, want only one of them", "leave out one of them")
	}
	if retry, ok := fieldAs[string](r.Fields, "retry"); ok {
		if d := c.parseDuration(retry); d.err == nil && d.value < leastPushoverRetry {
			c.report(problem{code: "out-of-range", origin: origin, argument: "retry", summary: fmt.Sprintf("%s: retry: got %s, want at least 30s", who, shown(retry)), fix: `write "30s"`})
		}
	}
	if expire, ok := fieldAs[string](r.Fields, "expire"); ok {
		if d := c.parseDuration(expire); d.err == nil && d.value > mostPushoverExpire && d.value < 24*time.Hour {
			c.report(problem{code: "out-of-range", origin: origin, argument: "expire", summary: fmt.Sprintf("%s: expire: got %s, want at most 3h", who, shown(expire)), fix: `write "3h"`})
		}
	}
}

// victoropsFields wants no custom field of a name that the message has anyway.
func (c *checker) victoropsFields(who string, r score.Receiver, origin score.Origin) {
	const fixed = " routing_key message_type state_message entity_display_name monitoring_tool entity_id entity_state "
	fields, _ := fieldAs[[]score.Field](r.Fields, "custom_fields")
	for _, f := range fields {
		if f.Name != "" && strings.Contains(fixed, " "+f.Name+" ") {
			c.report(problem{
				code: "conflicting-settings", origin: origin, argument: entry("custom_fields", f.Name), key: true,
				summary: fmt.Sprintf("%s: custom_fields: got %q, which every message has", who, f.Name), fix: "give it another name",
			})
		}
	}
}
