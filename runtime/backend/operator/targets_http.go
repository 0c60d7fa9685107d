// SPDX-License-Identifier: Apache-2.0

// This file translates how targets are connected to: the settings of http_config, whose names in the resources are
// those of Prometheus' configuration in Kubernetes' spelling. Values of secrets go into a Secret of ours.

package operator

import (
	"slices"
	"strconv"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// connections collects the credentials of a stack's targets.
type connections struct {
	secretName string
	references map[string]score.Secret
}

// connection is how one target is connected to.
type connection struct {
	connections
	// path leads to the settings, and tells the secrets in them apart.
	path []string
	// http2 is the resource's name of enable_http2.
	http2 string
}

func (c connections) of(target score.ScrapeTarget) connection {
	return connection{connections: c, path: []string{target.Kind(), target.TargetName()}, http2: "enableHttp2"}
}

func (c connection) inside(name string) connection {
	c.path = append(slices.Clone(c.path), name)
	return c
}

func (c connection) settings(given []score.Field) fields {
	content := fields{}
	for _, f := range given {
		here := c.inside(f.Name)
		name := lowerCamel(f.Name)
		switch f.Name {
		case "enable_http2":
			name = c.http2
		case "key":
			name = "keySecret"
		}
		switch value := f.Value.(type) {
		case score.Secret:
			content[name] = here.secret(f.Name, value)
		case score.Block:
			content[name] = here.settings(value.Fields)
		case []score.Field:
			content[name] = here.byName(value)
		default:
			content[name] = value
		}
	}
	return content
}

// byName translates a dict, whose keys are nobody's to respell: texts, or lists of secrets.
func (c connection) byName(entries []score.Field) fields {
	content := fields{}
	for _, entry := range entries {
		secrets, isSecrets := entry.Value.([]score.Secret)
		if !isSecrets {
			content[entry.Name] = entry.Value
			continue
		}
		list := make([]any, len(secrets))
		for i, secret := range secrets {
			list[i] = c.inside(entry.Name).inside(strconv.Itoa(i)).selector(secret)
		}
		content[entry.Name] = list
	}
	return content
}

// secret refers to a secret in the way that the setting wants it: some could be in a ConfigMap as well.
func (c connection) secret(setting string, secret score.Secret) any {
	switch setting {
	case "ca", "cert", "client_id":
		return fields{"secret": c.selector(secret)}
	default:
		return c.selector(secret)
	}
}

func (c connection) selector(secret score.Secret) fields {
	if secret.Source == score.SecretFromCluster {
		return fields{"name": secret.Name, "key": secret.Key}
	}
	key := backend.SecretKey(c.path...)
	c.references[key] = secret
	return fields{"name": c.secretName, "key": key}
}

// lowerCamel returns name the way Kubernetes spells fields: "proxy_url" is "proxyUrl".
func lowerCamel(name string) string {
	words := strings.Split(name, "_")
	for i, word := range words[1:] {
		if word != "" {
			words[i+1] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, "")
}
