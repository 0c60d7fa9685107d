// SPDX-License-Identifier: Apache-2.0

// This file checks the headers that a channel adds to its requests.

package check

import (
	"fmt"
	"net/textproto"

	"github.com/prometheus/common/config"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// headersSetting is the setting of http_config that has them.
const headersSetting = "http_headers"

// httpHeaders wants every header once, and none that Alertmanager refuses to take.
func (c *checker) httpHeaders(who, path string, b score.Block, origin score.Origin) {
	headers, _ := fieldAs[[]score.Field](b.Fields, headersSetting)
	seen := map[string]string{}
	for _, h := range headers {
		name, at := textproto.CanonicalMIMEHeaderKey(h.Name), entry(headersSetting, h.Name)
		if before, twice := seen[name]; twice {
			c.report(problem{
				code: "conflicting-settings", origin: origin, argument: at, key: true,
				summary: fmt.Sprintf("%s: %s.%s: got %q and %q, which are the same header", who, path, headersSetting, before, h.Name), fix: "leave out one of them",
			})
		}
		seen[name] = h.Name
		if _, reserved := config.ReservedHeaders[name]; reserved {
			c.report(problem{
				code: "reserved-header", origin: origin, argument: at, key: true,
				summary: fmt.Sprintf("%s: %s.%s: got %q, which is made by the protocol or the authentication", who, path, headersSetting, h.Name),
				fix:     "leave it out; authorization and basic_auth say who asks",
			})
		}
	}
}

// discoveryHeaders reports headers where no resource has a place for them.
func (c *checker) discoveryHeaders(who string, discovery []score.Field, origin score.Origin) {
	for _, f := range discovery {
		if f.Name == headersSetting {
			c.report(problem{
				code: "unsupported-feature", origin: origin, argument: "discovery_http_config",
				summary: who + ": discovery_http_config: got http_headers, which no version of the monitoring API has for the discovery of targets",
				fix:     "leave http_headers out",
			})
		}
	}
}
