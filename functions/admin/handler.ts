import process from 'node:process';
import type { Context } from 'aws-lambda';
import { userOfArn } from '../../shared/core/identity.ts';
import { wireAdmin } from '../../shared/wire.ts';
import { createAdmin } from './app.ts';
import type { AdminReply } from './reply.ts';

const { identityCenterRoles, ...deps } = wireAdmin(process.env);

/** The admin's Lambda entry: a command in, its result or an error in OpenAI's shape out. */
export function handler(payload: unknown, context: Context): Promise<AdminReply> {
  // arn:aws:lambda:REGION:ACCOUNT:function:NAME
  const account = context.invokedFunctionArn.split(':')[4] ?? '';
  const userOf = (arn: string) => userOfArn(arn, account, deps.sessionRoles, identityCenterRoles);
  const admin = createAdmin({ ...deps, userOfArn: userOf });
  return admin(payload, context.awsRequestId);
}
