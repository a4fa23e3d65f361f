package oidc

import (
	"context"
	"errors"
)

// Reach asks the issuer for its metadata and its keys now, whatever is known of them. Its error says why no token could be verified.
func (a *Authenticator) Reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	keys, err := a.issuer.load(ctx)
	if err == nil && len(keys) == 0 {
		err = errors.New("it publishes no key by which a signature that is taken could be verified")
	}
	return err
}
