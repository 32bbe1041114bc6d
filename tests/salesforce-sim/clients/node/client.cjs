// Walks jsforce through a simulated org: an independent client is the fairest critic.
//
// Usage: node client.cjs INSTANCE_URL ACCESS_TOKEN. Exits 0 when everything behaved as on a real org.
'use strict';

const assert = require('node:assert/strict');
const jsforce = require('jsforce');

async function refused(call) {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error('expected a refusal');
}

async function main(instanceUrl, accessToken) {
  const conn = new jsforce.Connection({ instanceUrl, accessToken, version: '60.0' });

  const identity = await conn.identity();
  assert.equal(identity.username, 'integration@northwind.example');
  const global = await conn.describeGlobal();
  assert.ok(global.sobjects.some((found) => found.name === 'Opportunity'));
  const described = await conn.describe('Opportunity');
  const territory = described.fields.find((field) => field.name === 'Territory__c');
  assert.equal(territory.controllerName, 'Region__c');
  assert.equal(territory.picklistValues[0].validFor, 'gA==');

  const created = await conn.sobject('Account').create({ Name: 'Jsforce & Sons' });
  assert.ok(created.success);
  const account = await conn.sobject('Account').retrieve(created.id);
  assert.equal(account.Name, 'Jsforce & Sons');
  assert.ok((await conn.sobject('Account').update({ Id: created.id, Website: 'https://jsforce.example' })).success);

  const rows = Array.from({ length: 450 }, (_, index) => ({ Subject: `paged ${index}`, WhatId: created.id }));
  const saved = [];
  for (let start = 0; start < rows.length; start += 200) {
    saved.push(...(await conn.sobject('Task').create(rows.slice(start, start + 200))));
  }
  assert.equal(saved.filter((row) => row.success).length, 450);
  const soql = `SELECT Id, Subject FROM Task WHERE WhatId = '${created.id}' ORDER BY Subject`;
  let page = await conn.query(soql, { headers: { 'Sforce-Query-Options': 'batchSize=200' } });
  let seen = page.records.length;
  assert.equal(page.totalSize, 450);
  while (!page.done) {
    page = await conn.queryMore(page.nextRecordsUrl);
    seen += page.records.length;
  }
  assert.equal(seen, 450);

  const upserted = await conn.sobject('Task').upsert(
    [
      { Ergo_Key__c: 'node-1', Subject: 'one' },
      { Ergo_Key__c: 'node-2', Subject: 'two' },
    ],
    'Ergo_Key__c',
  );
  assert.deepEqual(upserted.map((row) => row.success), [true, true]);
  await conn.sobject('Task').upsert({ Ergo_Key__c: 'node-1', Subject: 'changed' }, 'Ergo_Key__c');
  const [task] = await conn.sobject('Task').find({ Ergo_Key__c: 'node-1' }, ['Id', 'Subject']);
  assert.equal(task.Subject, 'changed');

  const partial = await conn.sobject('Opportunity').create([
    { Name: 'good', StageName: 'Prospecting', CloseDate: '2026-12-31', AccountId: created.id },
    { Name: 'bad', StageName: 'Prospecting', CloseDate: '2026-12-31', Risk__c: 'Unheard of' },
  ]);
  assert.ok(partial[0].success && !partial[1].success);
  assert.equal(partial[1].errors[0].statusCode, 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST');

  let error = await refused(() => conn.query('SELECT Nope FROM Account'));
  assert.equal(error.errorCode, 'INVALID_FIELD');
  error = await refused(() => conn.sobject('Contact').create({ FirstName: 'No last name' }));
  assert.equal(error.errorCode, 'REQUIRED_FIELD_MISSING');
  assert.match(error.message, /LastName/);
  error = await refused(() => conn.sobject('Nothing__c').describe());
  assert.equal(error.errorCode, 'NOT_FOUND');

  assert.ok((await conn.sobject('Account').destroy(created.id)).success);
  error = await refused(() => conn.sobject('Account').retrieve(created.id));
  assert.equal(error.errorCode, 'NOT_FOUND');
  console.log('jsforce: ok');
}

main(process.argv[2], process.argv[3]).catch((error) => {
  console.error(error);
  process.exit(1);
});
