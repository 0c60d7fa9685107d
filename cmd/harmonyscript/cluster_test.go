// SPDX-License-Identifier: Apache-2.0

package main

// This file gives the project's own suites commands that play others who use the same cluster. They need no
// kubectl:
//
//	cluster create|apply|merge|delete|get|gone PATH [FILE]   one request as the administrator; gone waits until
//	                                                         PATH does not exist. [!] must be refused.
//	kubeconfig-as USER FILE                                  writes a kubeconfig that acts as that user
//	kubeconfig-without GROUP FILE                            writes one for a cluster that lacks an API group
//	kubeconfig-several FILE                                  writes one with the contexts "alive", this cluster, and "dead",
//	                                                         where nobody listens

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
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
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	return &neighbour{kubeconfig: kubeconfig, config: config, client: client}
}

func (n *neighbour) commands(t *testing.T) map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"cluster": n.request,
		"helm":    helmBy(t, n.kubeconfig),
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
		for range 600 {
			if status, _ := n.send(ts, http.MethodGet, arguments[1], "", ""); status == http.StatusNotFound {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		ts.Fatalf("cluster gone %s: it is still there", arguments[1])
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
