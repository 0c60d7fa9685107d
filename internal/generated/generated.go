// SPDX-License-Identifier: Apache-2.0

// Package generated reads what the operators make of a stack: the configurations of Prometheus and Alertmanager, and the
// rule files. It is for tests.
package generated

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/config"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
)

// Alertmanager returns the configuration of the Alertmanager resource called name, as YAML.
func Alertmanager(ctx context.Context, client *cluster.Client, namespace, name string) ([]byte, error) {
	return text(ctx, client, namespace, "alertmanager-"+name+"-generated", "alertmanager.yaml.gz")
}

// Prometheus returns the configuration of the Prometheus resource called name, as YAML.
func Prometheus(ctx context.Context, client *cluster.Client, namespace, name string) ([]byte, error) {
	return text(ctx, client, namespace, "prometheus-"+name, "prometheus.yaml.gz")
}

// Rules returns the rule files of the Prometheus resource called name, sorted.
func Rules(ctx context.Context, client *cluster.Client, namespace, name string) ([]string, error) {
	configMaps, err := client.List(ctx, schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, namespace, "", "")
	if err != nil {
		return nil, err
	}
	var rules []string
	for _, c := range configMaps {
		if strings.HasPrefix(c.GetName(), "prometheus-"+name+"-rulefiles-") {
			data, _, _ := unstructured.NestedStringMap(c.Object, "data")
			rules = slices.AppendSeq(rules, maps.Values(data))
		}
	}
	slices.Sort(rules)
	return rules, nil
}

func text(ctx context.Context, client *cluster.Client, namespace, secret, key string) ([]byte, error) {
	id := backend.ID{Version: "v1", Kind: "Secret", Namespace: namespace, Name: secret}
	object, err := client.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	data, found, _ := unstructured.NestedString(object.Object, "data", key)
	if !found {
		return nil, fmt.Errorf("%s has no key %s", id, key)
	}
	return Unzip(data)
}

// Unzip returns the text of a value of a Secret that is compressed.
func Unzip(data string) ([]byte, error) {
	reader, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, bytes.NewReader([]byte(data))))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}

// Condition returns the status of a condition, "" when the object has none of that name.
func Condition(object *unstructured.Unstructured, name string) string {
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == name {
			return fmt.Sprint(c["status"])
		}
	}
	return ""
}

// LoadAlertmanager reads a configuration as Alertmanager does. Its parser has been seen to panic, which is an error here.
func LoadAlertmanager(text []byte) (loaded *config.Config, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("alertmanager: got a panic: %v", p)
		}
	}()
	return config.Load(string(text))
}
