// SPDX-License-Identifier: Apache-2.0

package main

// This file gives the project's own suites commands that play others who use the same cluster. They need no
// kubectl:
//
//	cluster create|apply|merge|delete|get|gone PATH [FILE]   one request as the administrator; gone waits until
//	                                                         PATH does not exist. [!] must be refused.
//	may USER VERB RESOURCE[.GROUP] [NAMESPACE]               waits until USER may do that: the API server takes a moment
//	                                                         to know rights that were just given
//	enforced PATH                                            waits until the ResourceQuota at PATH is in force: until its
//	                                                         controller has looked at it, nothing that it counts is let in
//	kubeconfig-as USER FILE                                  writes a kubeconfig that acts as that user
//	kubeconfig-without GROUP FILE                            writes one for a cluster that lacks an API group
//	kubeconfig-several FILE                                  writes one with the contexts "alive", this cluster, and "dead",
//	                                                         where nobody listens

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/harmonyscript/harmonyscript/internal/sandboxtest"
)

// neighbour is somebody else on the cluster.
type neighbour struct {
	kubeconfig string
	config     *rest.Config
	client     *http.Client
}

func newNeighbour(t *testing.T, kubeconfig string) *neighbour {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := sandboxtest.Client(config)
	if err != nil {
		t.Fatal(err)
	}
	return &neighbour{kubeconfig: kubeconfig, config: config, client: client}
}

func (n *neighbour) commands(t *testing.T) map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"cluster":  n.request,
		"may":      n.may,
		"enforced": n.enforced,
		"helm":     helmBy(t, n.kubeconfig),
		"kubeconfig-as": func(ts *testscript.TestScript, _ bool, arguments []string) {
			n.write(ts, arguments, func(c *clientcmdapi.Config) {
				for _, user := range c.AuthInfos {
					user.Impersonate = arguments[0]
				}
			})
		},
		"kubeconfig-several": func(ts *testscript.TestScript, _ bool, arguments []string) {
			n.write(ts, append([]string{""}, arguments...), func(c *clientcmdapi.Config) {
				for _, context := range c.Contexts {
					c.Contexts = map[string]*clientcmdapi.Context{"alive": context, "again": context.DeepCopy(), "dead": context.DeepCopy()}
					break
				}
				c.Contexts["dead"].Cluster = "dead"
				c.Clusters["dead"] = &clientcmdapi.Cluster{Server: "https://127.0.0.1:1"}
			})
		},
		"kubeconfig-without": func(ts *testscript.TestScript, _ bool, arguments []string) {
			server := n.without(t, "/apis/"+arguments[0])
			n.write(ts, arguments, func(c *clientcmdapi.Config) {
				for _, cluster := range c.Clusters {
					cluster.Server, cluster.CertificateAuthorityData = server, nil
				}
			})
		},
	}
}

// write stores a changed copy of the kubeconfig.
func (n *neighbour) write(ts *testscript.TestScript, arguments []string, change func(*clientcmdapi.Config)) {
	if len(arguments) != 2 {
		ts.Fatalf("usage: kubeconfig-as|kubeconfig-without NAME FILE")
	}
	config, err := clientcmd.LoadFromFile(n.kubeconfig)
	ts.Check(err)
	change(config)
	ts.Check(clientcmd.WriteToFile(*config, ts.MkAbs(arguments[1])))
}

// without serves the cluster as if an API group had not been installed on it.
func (n *neighbour) without(t *testing.T, group string) string {
	target, err := url.Parse(n.config.Host)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Transport: n.client.Transport,
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == group || strings.HasPrefix(r.URL.Path, group+"/") {
			http.NotFound(w, r)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func (n *neighbour) request(ts *testscript.TestScript, neg bool, arguments []string) {
	if len(arguments) < 2 {
		ts.Fatalf("usage: cluster create|apply|merge|delete|get|gone PATH [FILE]")
	}
	if arguments[0] == "gone" {
		eventually(ts, "cluster gone "+arguments[1], func() (bool, string) {
			status, answer := n.send(ts, http.MethodGet, arguments[1], "", "")
			return status == http.StatusNotFound, answer
		})
		return
	}
	method, contentType := http.MethodGet, ""
	switch arguments[0] {
	case "create":
		method, contentType = http.MethodPost, "application/yaml"
	case "apply":
		method, contentType = http.MethodPatch, "application/apply-patch+yaml"
	case "merge":
		method, contentType = http.MethodPatch, "application/merge-patch+json"
	case "delete":
		method = http.MethodDelete
	}
	body := ""
	if len(arguments) > 2 {
		body = ts.ReadFile(arguments[2])
	}
	status, answer := n.send(ts, method, arguments[1], contentType, body)
	if refused := status >= 400; refused != neg {
		ts.Fatalf("cluster %s: got status %d: %s", strings.Join(arguments, " "), status, answer)
	}
	fmt.Fprintln(ts.Stdout(), answer)
}

// may is the command of that name.
func (n *neighbour) may(ts *testscript.TestScript, neg bool, arguments []string) {
	if neg || len(arguments) < 3 || len(arguments) > 4 {
		ts.Fatalf("usage: may USER VERB RESOURCE[.GROUP] [NAMESPACE]")
	}
	resource, group, _ := strings.Cut(arguments[2], ".")
	attributes := map[string]string{"verb": arguments[1], "resource": resource, "group": group}
	if len(arguments) == 4 {
		attributes["namespace"] = arguments[3]
	}
	review, err := json.Marshal(map[string]any{
		"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": map[string]any{"user": arguments[0], "resourceAttributes": attributes},
	})
	ts.Check(err)
	eventually(ts, "may "+strings.Join(arguments, " "), func() (bool, string) {
		_, answer := n.send(ts, http.MethodPost, "/apis/authorization.k8s.io/v1/subjectaccessreviews", "application/json", string(review))
		var judged struct{ Status struct{ Allowed bool } }
		ts.Check(json.Unmarshal([]byte(answer), &judged))
		return judged.Status.Allowed, answer
	})
}

// enforced is the command of that name.
func (n *neighbour) enforced(ts *testscript.TestScript, neg bool, arguments []string) {
	if neg || len(arguments) != 1 {
		ts.Fatalf("usage: enforced PATH")
	}
	eventually(ts, "enforced "+arguments[0], func() (bool, string) {
		_, answer := n.send(ts, http.MethodGet, arguments[0], "", "")
		var quota struct {
			Spec   struct{ Hard map[string]string }
			Status struct{ Hard, Used map[string]string }
		}
		ts.Check(json.Unmarshal([]byte(answer), &quota))
		return len(quota.Spec.Hard) > 0 && maps.Equal(quota.Spec.Hard, quota.Status.Hard) && len(quota.Status.Used) == len(quota.Spec.Hard), answer
	})
}

func (n *neighbour) send(ts *testscript.TestScript, method, path, contentType, body string) (status int, answer string) {
	request, err := http.NewRequest(method, strings.TrimSuffix(n.config.Host, "/")+path, strings.NewReader(body))
	ts.Check(err)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := n.client.Do(request)
	ts.Check(err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	ts.Check(err)
	return response.StatusCode, string(content)
}
