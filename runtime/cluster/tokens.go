// SPDX-License-Identifier: Apache-2.0

// This file takes a token that was renewed in its file as soon as the old one is refused. The library reads the file once a
// minute, so that for the rest of it a run would be refused with the right token lying there.

package cluster

import (
	"net/http"
	"os"
	"strings"
	"sync"
)

const bearerPrefix = "Bearer "

// tokenFile is a round tripper below the one that puts the token of a file on requests.
type tokenFile struct {
	path string
	next http.RoundTripper

	mutex sync.Mutex
	// refused are the tokens that the server did not take.
	refused map[string]bool
}

// RoundTrip sends the request, with the token that is in the file now where the server has refused the one that it bears.
func (f *tokenFile) RoundTrip(r *http.Request) (*http.Response, error) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), bearerPrefix)
	f.mutex.Lock()
	refused := f.refused[token]
	f.mutex.Unlock()
	if refused {
		if content, err := os.ReadFile(f.path); err == nil {
			token = strings.TrimSpace(string(content))
			r = r.Clone(r.Context())
			r.Header.Set("Authorization", bearerPrefix+token)
		}
	}
	answer, err := f.next.RoundTrip(r)
	if err == nil && answer.StatusCode == http.StatusUnauthorized {
		f.mutex.Lock()
		if f.refused == nil {
			f.refused = map[string]bool{}
		}
		f.refused[token] = true
		f.mutex.Unlock()
	}
	return answer, err
}

// WrappedRoundTripper lets libraries find what is below.
func (f *tokenFile) WrappedRoundTripper() http.RoundTripper { return f.next }
