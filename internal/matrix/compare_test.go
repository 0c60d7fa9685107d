// SPDX-License-Identifier: Apache-2.0

// This file compares what the operators of the versions make of the same script.

package matrix

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/relabel"
	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/internal/generated"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// configurations are what the operator made of a stack, as YAML.
type configurations struct {
	alertmanager, prometheus []byte
	rules                    []string
}

// checkLoads reads the configurations as Alertmanager and Prometheus would.
func checkLoads(t *testing.T, got configurations, c cell) {
	t.Helper()
	loaded, err := generated.LoadAlertmanager(got.alertmanager)
	if err != nil {
		t.Errorf("Alertmanager refuses: %v\n%s", err, got.alertmanager)
		return
	}
	// One receiver is for what goes nowhere; operators add another.
	times := map[string]bool{}
	for _, m := range loaded.MuteTimeIntervals {
		times[m.Name[strings.LastIndex(m.Name, "/")+1:]] = true
	}
	for _, m := range loaded.TimeIntervals {
		times[m.Name[strings.LastIndex(m.Name, "/")+1:]] = true
	}
	if len(loaded.Receivers) < len(c.calls)+1 || len(loaded.InhibitRules) != 1 || !times["nights"] || !times["office"] {
		t.Errorf("got %d receivers, %d inhibit rules and the times %v, want those of the script", len(loaded.Receivers), len(loaded.InhibitRules), times)
	}
	checkScrapes(t, got.prometheus)
}

// checkScrapes reads the parts of the scrape jobs that scripts can say most in as Prometheus does: relabeling, and how it
// connects. Its parser of whole configurations would bring the clients of every cloud.
func checkScrapes(t *testing.T, text []byte) {
	t.Helper()
	var content struct {
		Jobs []map[string]any `json:"scrape_configs"`
	}
	if err := yaml.Unmarshal(text, &content); err != nil {
		t.Fatal(err)
	}
	for _, job := range content.Jobs {
		for _, list := range []string{"relabel_configs", "metric_relabel_configs"} {
			steps, _ := job[list].([]any)
			for _, step := range steps {
				read := relabel.DefaultRelabelConfig
				err := yaml.UnmarshalStrict([]byte(asYAML(t, step)), &read)
				if err == nil {
					err = read.Validate(model.UTF8Validation)
				}
				if err != nil {
					t.Errorf("%s: Prometheus refuses a step of %s: %v\n%v", job["job_name"], list, err, step)
				}
			}
		}
		connection := map[string]any{}
		for name, value := range job {
			if slices.Contains(connectionSettings(), name) {
				connection[name] = value
			}
		}
		if _, err := promconfig.LoadHTTPConfig(asYAML(t, connection)); err != nil {
			t.Errorf("%s: Prometheus refuses how to connect: %v\n%v", job["job_name"], err, connection)
		}
	}
}

func connectionSettings() []string {
	return []string{
		"authorization", "basic_auth", "oauth2", "tls_config", "follow_redirects", "enable_http2", "proxy_url", "no_proxy",
		"proxy_from_environment", "proxy_connect_header",
	}
}

// compareVersions expects the versions to make the same of a channel, up to names and the settings that one lacks.
func compareVersions(t *testing.T, rows []row, made map[score.APIVersion]configurations, channel string) {
	t.Helper()
	cells := map[score.APIVersion]cell{}
	var missing []string
	for _, r := range rows {
		for _, c := range r.cells {
			if c.channel == channel {
				cells[c.version] = c
				missing = append(missing, c.missing...)
			}
		}
	}
	var first *row
	for i, r := range rows {
		c, carried := cells[r.version]
		if _, ok := made[r.version]; !ok || !carried {
			t.Errorf("got nothing from %s", r.version)
			continue
		}
		if first == nil {
			first = &rows[i]
			continue
		}
		if a, b := names(cells[first.version]), names(c); !slices.Equal(a, b) {
			t.Errorf("%s has the channels %v and %s %v, want the same", first.version, a, r.version, b)
			continue
		}
		one, other := made[first.version], made[r.version]
		for _, part := range []struct{ name, first, other string }{
			{"Alertmanager's configuration", plainAlertmanager(t, *first, one, channel, missing), plainAlertmanager(t, r, other, channel, missing)},
			{"Prometheus' configuration", plainPrometheus(t, *first, one, channel), plainPrometheus(t, r, other, channel)},
			{"rules", plain(*first, channel, strings.Join(one.rules, "")), plain(r, channel, strings.Join(other.rules, ""))},
		} {
			if diff := cmp.Diff(part.first, part.other); diff != "" {
				t.Errorf("%s differs (- is %s, + is %s):\n%s", part.name, first.version, r.version, diff)
			}
		}
	}
}

func names(c cell) []string {
	var all []string
	for _, v := range c.calls {
		all = append(all, v.Name)
	}
	return all
}

// plain replaces the names that depend on the version.
func plain(r row, channel, text string) string {
	tenant := tenantName(r.version, channel)
	text = strings.ReplaceAll(text, r.resource(tenant), backend.StackName(score.DefaultStackName))
	return strings.ReplaceAll(text, tenant, "TENANT")
}

// plainAlertmanager leaves out the settings that some version lacks.
func plainAlertmanager(t *testing.T, r row, made configurations, channel string, missing []string) string {
	t.Helper()
	var content map[string]any
	if err := yaml.Unmarshal([]byte(plain(r, channel, string(made.alertmanager))), &content); err != nil {
		t.Fatal(err)
	}
	for _, receiver := range content["receivers"].([]any) {
		for _, path := range missing {
			remove(receiver.(map[string]any)[channel+"_configs"], strings.Split(path, "."))
		}
	}
	return asYAML(t, content)
}

// remove removes what is at path from a mapping, or from each of a list.
func remove(content any, path []string) {
	switch content := content.(type) {
	case []any:
		for _, element := range content {
			remove(element, path)
		}
	case map[string]any:
		if len(path) == 1 {
			delete(content, path[0])
			return
		}
		remove(content[path[0]], path[1:])
	}
}

func asYAML(t *testing.T, content any) string {
	t.Helper()
	text, err := yaml.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// plainPrometheus leaves out what follows from the age of the operator: the fork lists targets through Endpoints instead of
// EndpointSlices, tells the retention on the command line, needs no step for the only shard there is, and spells two defaults
// of how Alertmanager is reached the other way. It leaves out the jobs, too, by which observability-operator watches the
// servers themselves.
func plainPrometheus(t *testing.T, r row, made configurations, channel string) string {
	t.Helper()
	text := strings.NewReplacer("role: endpointslice", "role: endpoints", "__meta_kubernetes_endpointslice_", "__meta_kubernetes_endpoint_").
		Replace(plain(r, channel, string(made.prometheus)))
	var content map[string]any
	if err := yaml.Unmarshal([]byte(text), &content); err != nil {
		t.Fatal(err)
	}
	delete(content, "storage")
	alerting, _ := content["alerting"].(map[string]any)
	remove(alerting["alertmanagers"], []string{"api_version"})
	remove(alerting["alertmanagers"], []string{"scheme"})
	jobs, _ := content["scrape_configs"].([]any)
	jobs = slices.DeleteFunc(jobs, func(job any) bool {
		name, _ := job.(map[string]any)["job_name"].(string)
		return strings.HasSuffix(name, "-self")
	})
	for _, job := range jobs {
		job := job.(map[string]any)
		steps, _ := job["relabel_configs"].([]any)
		job["relabel_configs"] = slices.DeleteFunc(steps, func(step any) bool {
			return strings.Contains(asYAML(t, step), "__tmp_current_shard")
		})
	}
	content["scrape_configs"] = jobs
	return asYAML(t, content)
}

// secretValues returns values that the operators accept: for certificates, and for everything else the one address that
// slack's update_message takes.
func secretValues(t *testing.T) func(name string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	encodedKey, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificatePEM := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
	keyPEM := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encodedKey}))
	return func(name string) string {
		switch name {
		case "CA", "CERT":
			return certificatePEM
		case "KEY":
			return keyPEM
		}
		return "https://slack.com/api/chat.postMessage"
	}
}
