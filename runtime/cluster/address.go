// SPDX-License-Identifier: Apache-2.0

// This file keeps users and passwords out of addresses that are told.

package cluster

import (
	"net/url"
	"regexp"
)

var userInAddress = regexp.MustCompile(`://[^/?#\s"']*@`)

// WithoutUser returns a text without what stands in front of the hosts of the addresses in it, also of those that do not parse.
func WithoutUser(text string) string { return userInAddress.ReplaceAllString(text, "://") }

// shownAddress is the address of a server as it is told.
func shownAddress(address *url.URL) string {
	shown := *address
	shown.User = nil
	return shown.String()
}
