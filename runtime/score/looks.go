// SPDX-License-Identifier: Apache-2.0

// This file tells texts that are secrets by their looks, for places where a script writes plain values.

package score

import (
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// LooksLikeSecret reports whether text, the plain value of the setting called key, is most likely a secret: because of
// what the setting is called ("adminPassword", "api_key"), or because of what the text is (a private key, a token of a
// well-known kind, the address of a webhook, a URL with a password). The name of something that holds a secret
// ("existingSecret", "passwordKey", "tokenFile") is none. Empty texts are none.
func LooksLikeSecret(key, text string) bool {
	if strings.TrimSpace(text) == "" {
		return false
	}
	return namesSecret(key) || isSecret(text)
}

// namesSecret judges by the setting's name, whatever its spelling: "adminPassword", "admin_password", "ADMIN-PASSWORD".
func namesSecret(key string) bool {
	const separators = "_-. "
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(separators, r) {
			return -1
		}
		return r
	}, strings.ToLower(key))
	for _, ending := range []string{
		"password", "passwd", "passphrase", "token", "credentials", "connectionstring", "webhookurl", "dsn",
		"apikey", "accesskey", "secretkey", "secretaccesskey", "privatekey", "routingkey", "servicekey", "integrationkey", "encryptionkey", "signingkey",
		"clientsecret", "authsecret", "apisecret", "sharedsecret", "bottoken",
	} {
		if strings.HasSuffix(name, ending) {
			return true
		}
	}
	return false
}

// isSecret judges by the text alone.
func isSecret(text string) bool {
	if secretShape().MatchString(text) {
		return true
	}
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Host == "" {
		return false
	}
	if _, has := u.User.Password(); has {
		return true
	}
	host := strings.ToLower(u.Hostname())
	for _, hook := range []struct{ domain, path string }{
		{"discord.com", "/api/webhooks/"},
		{"discordapp.com", "/api/webhooks/"},
		{"slack.com", "/services/"},
		{"webhook.office.com", "/"},
		{"logic.azure.com", "/"},
		{"api.telegram.org", "/bot"},
		{"chat.googleapis.com", "/v1/spaces/"},
		{"api.powerplatform.com", "/"},
	} {
		if (host == hook.domain || strings.HasSuffix(host, "."+hook.domain)) && strings.HasPrefix(u.Path, hook.path) && len(u.Path) > len(hook.path) {
			return true
		}
	}
	return false
}

// secretShape matches private keys and tokens that say what they are. It is large, and compiled when it is first needed.
var secretShape = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(?:xox[abposr]-[0-9A-Za-z-]{10,}|gh[pousr]_[0-9A-Za-z]{20,}|github_pat_[0-9A-Za-z_]{20,}|glpat-[0-9A-Za-z_-]{16,}|glsa_[0-9A-Za-z_]{20,}|AKIA[0-9A-Z]{16}|sk-[0-9A-Za-z_-]{20,}|eyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]+)`)
})
