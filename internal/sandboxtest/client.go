// SPDX-License-Identifier: Apache-2.0

// This file connects tests to an API server past the engine.

package sandboxtest

import (
	"net/http"
	"time"

	"k8s.io/client-go/rest"
)

// Client returns a client with the credentials of a certificate that config has. It waits longer for a busy server than the usual one
// does: nobody looks at how a test's own requests fare.
func Client(config *rest.Config) (*http.Client, error) {
	secured, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, err
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: secured, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 5 * time.Minute}}, nil
}
