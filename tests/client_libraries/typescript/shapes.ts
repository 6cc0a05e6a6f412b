/** The types inside a typed document. */
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";

export type DocumentType<Document> = Document extends TypedDocumentNode<infer Data, infer _> ? Data : never;
export type VariablesOf<Document> = Document extends TypedDocumentNode<infer _, infer Variables> ? Variables : never;
