package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	graphql "github.com/graph-gophers/graphql-go"
	"github.com/jackc/pgx/v4"
)

// Nothing is left of what was begun.
var errRefused = errors.New("refused")

type accountPayload struct {
	Account *account
}

type creditTransferPayload struct {
	Replayed    bool
	FromAccount *account
}

type accountUpdateInput struct {
	AccountID       graphql.ID
	ExpectedVersion int32
	Name            *string
}

func (root) AccountUpdate(ctx context.Context, args struct{ Input accountUpdateInput }) (*accountPayload, error) {
	var changed *account
	err := pool.BeginFunc(ctx, func(tx pgx.Tx) (err error) {
		changed, err = rename(ctx, tx, principalIn(ctx), args.Input)
		return err
	})
	if errors.Is(err, errRefused) {
		return &accountPayload{}, nil
	}
	return &accountPayload{changed}, err
}

func rename(ctx context.Context, tx pgx.Tx, who *principal, asked accountUpdateInput) (*account, error) {
	var found *account
	var actingFrom *string
	err := rows(ctx, tx, "lockAccount", func(row pgx.Rows) (err error) {
		found, err = scanAccount(row, &actingFrom)
		return err
	}, who.with(uuidOf(asked.AccountID))...)
	if err != nil {
		return nil, err
	}
	if found == nil || !found.may("ACCOUNT_WRITE") || found.Version != asked.ExpectedVersion {
		return nil, errRefused
	}
	before := found.Name
	found.Name = *asked.Name
	err = rows(ctx, tx, "updateName", func(row pgx.Rows) error {
		return row.Scan(&found.Version)
	}, found.masterID, found.uuid, found.Name)
	if err != nil {
		return nil, err
	}
	listed([]*account{found})
	return found, rows(ctx, tx, "insertEvent", nothing,
		found.masterID, found.uuid, who.userID, who.apiKeyID, actingFrom, string(found.ID),
		map[string]string{"name": before}, map[string]string{"name": found.Name})
}

type creditTransferInput struct {
	FromAccountID  graphql.ID
	ToAccountID    graphql.ID
	Amount         string
	Memo           *string
	IdempotencyKey string
}

func (asked creditTransferInput) digest() []byte {
	content, _ := json.Marshal([]interface{}{"creditTransfer", uuidOf(asked.ToAccountID), asked.Amount, asked.Memo})
	digest := sha256.Sum256(content)
	return digest[:]
}

func (root) CreditTransfer(
	ctx context.Context, args struct{ Input creditTransferInput },
) (*creditTransferPayload, error) {
	var done *creditTransferPayload
	err := pool.BeginFunc(ctx, func(tx pgx.Tx) (err error) {
		done, err = transfer(ctx, tx, principalIn(ctx), args.Input)
		return err
	})
	if errors.Is(err, errRefused) {
		return &creditTransferPayload{}, nil
	}
	return done, err
}

// One side of a transfer, locked.
type side struct {
	*account
	actingFrom     *string
	ownBalance     bool
	aboveTheOther  bool
	openedTreesTxt string
}

func transfer(
	ctx context.Context, tx pgx.Tx, who *principal, asked creditTransferInput,
) (*creditTransferPayload, error) {
	amount, err := strconv.ParseInt(asked.Amount, 10, 64)
	if err != nil {
		return nil, err
	}
	from, to, err := lockPair(ctx, tx, who, uuidOf(asked.FromAccountID), uuidOf(asked.ToAccountID))
	if err != nil {
		return nil, err
	}
	posted := newUUID()
	isNew, err := claim(ctx, tx, who, from.account, asked, posted)
	if err != nil || !isNew {
		return &creditTransferPayload{true, from.account}, err
	}
	if !from.ownBalance || !to.ownBalance {
		return nil, errRefused
	}
	isShort := false
	err = rows(ctx, tx, "postTransfer", func(pgx.Rows) error {
		isShort = true
		return nil
	}, from.masterID, posted, who.userID, who.apiKeyID, asked.Memo, from.uuid, to.uuid, amount)
	if err != nil {
		return nil, err
	}
	if isShort {
		return nil, errRefused
	}
	return &creditTransferPayload{false, from.account}, rows(ctx, tx, "insertTransferEvents", nothing,
		from.masterID, from.uuid, who.userID, who.apiKeyID, from.actingFrom, to.uuid, to.actingFrom, "ltrx_"+posted,
		map[string]string{
			"from": string(asked.FromAccountID), "to": string(asked.ToAccountID), "amount": asked.Amount,
		})
}

func lockPair(ctx context.Context, tx pgx.Tx, who *principal, fromID, toID string) (*side, *side, error) {
	byID := map[string]*side{}
	err := rows(ctx, tx, "lockPair", func(row pgx.Rows) (err error) {
		one := &side{}
		one.account, err = scanAccount(row, &one.actingFrom, &one.ownBalance, &one.aboveTheOther, &one.openedTreesTxt)
		if err == nil {
			byID[one.uuid] = one
		}
		return err
	}, who.with(fromID, toID)...)
	if err != nil {
		return nil, nil, err
	}
	from, to := byID[fromID], byID[toID]
	if from == nil || to == nil || !from.aboveTheOther || !from.may("CREDIT_TRANSFER") || !to.may("CREDIT_TRANSFER") {
		return nil, nil, errRefused
	}
	listed([]*account{from.account})
	return from, to, nil
}

// Whether the key is new; refused where it was used for something else.
func claim(
	ctx context.Context, tx pgx.Tx, who *principal, from *account, asked creditTransferInput, posted string,
) (bool, error) {
	principalID := who.userID
	if principalID == nil {
		principalID = who.apiKeyID
	}
	key := []interface{}{from.masterID, from.uuid, principalID, asked.IdempotencyKey}
	digest, isNew := asked.digest(), false
	err := rows(ctx, tx, "claimKey", func(pgx.Rows) error {
		isNew = true
		return nil
	}, append(append([]interface{}{}, key...), digest, map[string]string{"transaction": posted})...)
	if err != nil || isNew {
		return isNew, err
	}
	var earlier []byte
	err = rows(ctx, tx, "claimedRequest", func(row pgx.Rows) error { return row.Scan(&earlier) }, key...)
	if err == nil && !bytes.Equal(digest, earlier) {
		err = errRefused
	}
	return false, err
}

func newUUID() string {
	made := make([]byte, 16)
	rand.Read(made)
	made[6], made[8] = made[6]&0x0f|0x40, made[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", made[:4], made[4:6], made[6:8], made[8:10], made[10:])
}
