// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// frame is one event of a watch as the API server sends it.
func frame(kind, name, version string) string {
	return fmt.Sprintf(`{"type":%q,"object":{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":%q,"namespace":"ns","resourceVersion":%q}}}`+"\n", kind, name, version)
}

func TestWatchMetadata(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code    int
		body    string
		hang    bool
		want    string
		version string
		err     func(error) bool
	}{
		"changes":       {body: frame("ADDED", "a", "5") + frame("MODIFIED", "b", "7") + frame("DELETED", "c", "9"), want: "a b -c", version: "9"},
		"bookmark":      {body: frame("ADDED", "a", "5") + frame("BOOKMARK", "", "40"), want: "a", version: "40"},
		"nothing":       {version: "4"},
		"expired":       {body: frame("ADDED", "a", "5") + `{"type":"ERROR","object":{"kind":"Status","status":"Failure","reason":"Expired","code":410}}`, want: "a", version: "5", err: apierrors.IsResourceExpired},
		"gone":          {body: `{"type":"ERROR","object":{"kind":"Status","status":"Failure","reason":"Gone","code":410}}`, version: "4", err: apierrors.IsGone},
		"cut in half":   {body: frame("ADDED", "a", "5") + `{"type":"ADDED","obj`, want: "a", version: "5", err: IsUnreachable},
		"junk":          {body: "hello", version: "4", err: func(err error) bool { return err != nil }},
		"forbidden":     {code: http.StatusForbidden, version: "4", err: apierrors.IsForbidden},
		"not known":     {code: http.StatusUnauthorized, version: "4", err: IsUnauthorized},
		"silent":        {body: frame("ADDED", "a", "5"), hang: true, want: "a", version: "5", err: func(err error) bool { return errors.Is(err, errWatchSilent) }},
		"too old (410)": {code: http.StatusGone, version: "4", err: func(err error) bool { return apierrors.IsGone(err) || apierrors.IsResourceExpired(err) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// A watch goes silent after twice its limit; one that is not to has more time than a busy machine needs.
			limit := time.Minute
			if c.hang {
				limit = 3 * time.Second
			}
			client := serve(t, func(w http.ResponseWriter, r *http.Request) {
				q := r.URL.Query()
				if r.URL.Path != "/api/v1/namespaces/ns/podtemplates" || q.Get("watch") != "true" || q.Get("resourceVersion") != "4" || q.Get("labelSelector") != "x=y" ||
					q.Get("timeoutSeconds") != strconv.Itoa(int(limit/time.Second)) || q.Get("allowWatchBookmarks") != "true" || !strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadata;") {
					t.Errorf("got request %s with %s", r.URL, r.Header.Get("Accept"))
				}
				switch c.code {
				case http.StatusForbidden:
					refuse(w, c.code, metav1.StatusReasonForbidden)
				case http.StatusUnauthorized:
					refuse(w, c.code, metav1.StatusReasonUnauthorized)
				case http.StatusGone:
					refuse(w, c.code, metav1.StatusReasonExpired)
				default:
					_, _ = w.Write([]byte(c.body))
					w.(http.Flusher).Flush()
					if c.hang {
						<-r.Context().Done()
					}
				}
			})
			resource, err := client.Resource(context.Background(), KindOf(podTemplateID))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			version, err := client.WatchMetadata(context.Background(), resource, "ns", "x=y", "4", limit, func(c MetadataChange) {
				mark := ""
				if c.Deleted {
					mark = "-"
				}
				got = append(got, mark+c.Metadata.Name)
			})
			if strings.Join(got, " ") != c.want || version != c.version {
				t.Errorf("got %v and version %s, want %s and %s", got, version, c.want, c.version)
			}
			if c.err == nil && err != nil || c.err != nil && !c.err(err) {
				t.Errorf("got error %v (%T)", err, err)
			}
		})
	}
}

func TestListMetadataVersion(t *testing.T) {
	t.Parallel()
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, metav1.PartialObjectMetadataList{ListMeta: metav1.ListMeta{ResourceVersion: "77"}, Items: []metav1.PartialObjectMetadata{applied}})
	})
	resource, err := client.Resource(context.Background(), KindOf(podTemplateID))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	version, err := client.ListMetadataVersion(context.Background(), resource, "", "", func(*metav1.PartialObjectMetadata) { n++ }, nil)
	if err != nil || version != "77" || n != 1 {
		t.Errorf("got version %s with %d objects (%v), want 77 with 1", version, n, err)
	}
}

func TestWhoAmI(t *testing.T) {
	t.Parallel()
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/apis/authentication.k8s.io/v1/selfsubjectreviews" {
			refuse(w, http.StatusNotFound, metav1.StatusReasonNotFound)
			return
		}
		answer(w, http.StatusCreated, map[string]any{"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1", "status": map[string]any{"userInfo": map[string]any{"username": "jane"}}})
	})
	if user, err := client.WhoAmI(context.Background()); err != nil || user != "jane" {
		t.Errorf("got %q (%v)", user, err)
	}
}
