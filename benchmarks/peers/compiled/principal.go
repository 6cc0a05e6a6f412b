package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"

	"github.com/jackc/pgx/v4"
)

// A person or an API key, and what was granted to it: columns as the statements take them.
type principal struct {
	userID, apiKeyID      *string
	masterIDs, accountIDs []string
	ownMasks, belowMasks  []int64
}

func (p *principal) with(values ...interface{}) []interface{} {
	return append([]interface{}{p.masterIDs, p.accountIDs, p.ownMasks, p.belowMasks}, values...)
}

func principalOf(ctx context.Context, authorization, address string) (*principal, error) {
	token := strings.TrimPrefix(authorization, "Bearer ")
	digest := sha256.Sum256([]byte(token))
	name, values := "keyAndGrants", []interface{}{digest[:], address}
	if strings.HasPrefix(token, "mds_") {
		name, values = "personAndGrants", values[:1]
	}
	found := &principal{masterIDs: []string{}, accountIDs: []string{}, ownMasks: []int64{}, belowMasks: []int64{}}
	err := rows(ctx, pool, name, func(row pgx.Rows) error {
		var masterID, accountID *string
		var own, below *int64
		if err := row.Scan(&found.userID, &found.apiKeyID, &masterID, &accountID, &own, &below); err != nil {
			return err
		}
		if masterID != nil {
			found.masterIDs = append(found.masterIDs, *masterID)
			found.accountIDs = append(found.accountIDs, *accountID)
			found.ownMasks = append(found.ownMasks, *own)
			found.belowMasks = append(found.belowMasks, *below)
		}
		return nil
	}, values...)
	if err == nil && found.userID == nil && found.apiKeyID == nil {
		err = errors.New("the token is not valid")
	}
	return found, err
}
