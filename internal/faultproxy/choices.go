// SPDX-License-Identifier: Apache-2.0

// This file chooses requests.

package faultproxy

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// Request is a request that came in.
type Request struct {
	*http.Request
	// Number counts the requests, from 1.
	Number int
	// Came is when it came in.
	Came time.Time
}

// String is its method, path and query.
func (r *Request) String() string {
	return fmt.Sprintf("%d %s %s", r.Number, r.Method, r.URL.RequestURI())
}

// Choice picks requests. It is called once for each, in the order in which they came in, and one at a time.
type Choice func(*Request) bool

// Any picks every request.
func Any(*Request) bool { return true }

// Writes picks what could change anything. Questions of who one is and what one may do, which are sent like writes, could not.
func Writes(r *Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead && r.URL.Query().Get("dryRun") == "" && !Reviews(r)
}

// Reviews picks questions of who one is and what one may do.
func Reviews(r *Request) bool {
	return Under("/apis/authentication.k8s.io/")(r) || Under("/apis/authorization.k8s.io/")(r)
}

// Reads picks what changes nothing.
func Reads(r *Request) bool { return !Writes(r) }

// Watches picks requests for streams of events.
func Watches(r *Request) bool { return r.URL.Query().Get("watch") != "" }

// Numbered picks the request of that number.
func Numbered(n int) Choice { return func(r *Request) bool { return r.Number == n } }

// From picks the request of that number and all that follow.
func From(n int) Choice { return func(r *Request) bool { return r.Number >= n } }

// Method picks requests by their method.
func Method(method string) Choice { return func(r *Request) bool { return r.Method == method } }

// Of picks requests for objects of a resource, named in the plural: "configmaps".
func Of(resource string) Choice {
	return func(r *Request) bool {
		return strings.Contains(r.URL.Path+"/", "/"+resource+"/")
	}
}

// Under picks requests whose path begins so.
func Under(path string) Choice {
	return func(r *Request) bool { return strings.HasPrefix(r.URL.Path, path) }
}

// All picks what every one of choices picks.
func All(choices ...Choice) Choice {
	return func(r *Request) bool {
		for _, c := range choices {
			if !c(r) {
				return false
			}
		}
		return true
	}
}

// First picks the first n of those that choice picks.
func First(n int, choice Choice) Choice {
	var seen atomic.Int64
	return func(r *Request) bool { return choice(r) && seen.Add(1) <= int64(n) }
}

// After picks those that choice picks but for the first n.
func After(n int, choice Choice) Choice {
	var seen atomic.Int64
	return func(r *Request) bool { return choice(r) && seen.Add(1) > int64(n) }
}

// Behind picks all that come in after the first that choice picks.
func Behind(choice Choice) Choice {
	var seen atomic.Bool
	return func(r *Request) bool {
		if seen.Load() {
			return true
		}
		seen.Store(choice(r))
		return false
	}
}

// Every picks each nth request of those that choice picks, beginning with the first.
func Every(n int, choice Choice) Choice {
	var seen atomic.Int64
	return func(r *Request) bool { return choice(r) && (seen.Add(1)-1)%int64(n) == 0 }
}
