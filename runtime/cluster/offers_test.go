// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"k8s.io/client-go/rest"
)

func TestOffers(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/version" && r.Header.Get("Accept") != contentDiscovery {
			w.WriteHeader(http.StatusNotAcceptable)
			return
		}
		w.Header().Set("Content-Type", contentDiscovery)
		answers := map[string]string{
			"/version": `{"gitVersion": "v1.37.2"}`,
			"/api":     `{"items": [{"metadata": {}, "versions": [{"version": "v1", "resources": [{"resource": "pods", "responseKind": {"kind": "Pod"}}]}]}]}`,
			"/apis": `{"items": [{"metadata": {"name": "monitoring.coreos.com"}, "versions": [
				{"version": "v1", "resources": [{"resource": "prometheuses", "responseKind": {"kind": "Prometheus"}}]},
				{"version": "v1alpha1", "resources": [{"resource": "odd"}]}]}]}`,
		}
		_, _ = w.Write([]byte(answers[r.URL.Path]))
	}))
	defer server.Close()
	client, err := NewClient(&rest.Config{Host: server.URL}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.Offers(t.Context())
	want := []string{"monitoring.coreos.com/v1", "monitoring.coreos.com/v1/Prometheus", "monitoring.coreos.com/v1alpha1", "v1", "v1/Pod"}
	if err != nil || got.KubernetesVersion != "v1.37.2" || !slices.Equal(got.APIVersions, want) {
		t.Errorf("got %+v, %v; want %v", got, err, want)
	}
}
