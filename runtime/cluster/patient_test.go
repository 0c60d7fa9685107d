// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// TestPatientWrites has libraries' requests be turned away, or answered with what cannot be read: writes are sent again as those of the
// engine are. What is refused for certain stands, and reads are not waited for: nobody waits for each kind that is out of order.
func TestPatientWrites(t *testing.T) {
	t.Parallel()
	status := func(code int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { refuse(w, code, metav1.StatusReasonUnknown) }
	}
	later := func(seconds string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", seconds)
			refuse(w, http.StatusTooManyRequests, metav1.StatusReasonTooManyRequests)
		}
	}
	half := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"kind":`)
	}
	page := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, "<html>Bad gateway</html>")
	}
	for name, test := range map[string]struct {
		method string
		say    func(http.ResponseWriter)
		// times is how often the server says so before it does what it is asked for; 0 means for good.
		times int32
		// code and attempts are what comes of it; code 0 means that the answer cannot be read.
		code     int
		attempts int32
	}{
		"503":             {http.MethodPatch, status(503), 2, 201, 3},
		"504":             {http.MethodPost, status(504), 1, 201, 2},
		"502 of a proxy":  {http.MethodDelete, page, 1, 201, 2},
		"500 for good":    {http.MethodPut, status(500), 0, 500, internalAttempts},
		"429":             {http.MethodPatch, later("1"), 1, 201, 2},
		"429 for an hour": {http.MethodPatch, later("3600"), 0, 429, 1},
		"half":            {http.MethodPatch, half, 2, 201, 3},
		"half for good":   {http.MethodPatch, half, 0, 0, internalAttempts},
		"403":             {http.MethodPatch, status(403), 0, 403, 1},
		"422":             {http.MethodPatch, status(422), 0, 422, 1},
		"a read, 503":     {http.MethodGet, status(503), 0, 503, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var attempts atomic.Int32
			client := serveWith(t, Options{RetryFor: 10 * time.Second}, func(w http.ResponseWriter, r *http.Request) {
				if n := attempts.Add(1); test.times == 0 || n <= test.times {
					test.say(w)
					return
				}
				body, _ := io.ReadAll(r.Body)
				answer(w, http.StatusCreated, map[string]string{"got": string(body)})
			})
			library, err := rest.HTTPClientFor(client.RESTConfig())
			if err != nil {
				t.Fatal(err)
			}
			request, err := http.NewRequestWithContext(t.Context(), test.method, client.Host()+"/x", strings.NewReader("whole"))
			if err != nil {
				t.Fatal(err)
			}
			response, err := library.Do(request)
			if attempts.Load() != test.attempts {
				t.Errorf("got %d attempts, want %d", attempts.Load(), test.attempts)
			}
			if test.code == 0 {
				if asError[*AnswerError](err) == nil || !IsUncertain(err) {
					t.Errorf("got %v, want an answer that cannot be read", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil || response.StatusCode != test.code || response.Header.Get("Retry-After") != "" || test.code == 201 && !strings.Contains(string(body), "whole") {
				t.Errorf("got %d %q %v %v, want %d", response.StatusCode, body, response.Header, err, test.code)
			}
		})
	}
}
