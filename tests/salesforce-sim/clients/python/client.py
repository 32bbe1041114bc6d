"""Walks simple-salesforce through a simulated org: an independent client is the fairest critic.

Usage: client.py INSTANCE_URL ACCESS_TOKEN. Exits 0 when everything behaved as on a real org.
"""

import sys

import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)


class PlainLoopback(requests.adapters.HTTPAdapter):
    """The library always says https; a simulated org on loopback speaks plain HTTP."""

    def send(self, request, **options):
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, **options)


def refused(call, expected):
    """Runs a call that must fail and returns the first error of its body."""
    try:
        call()
    except expected as error:
        return error.content[0]
    raise AssertionError(f"expected {expected.__name__}")


def main(instance_url, token):
    session = requests.Session()
    session.trust_env = False
    session.mount("https://127.0.0.1", PlainLoopback())
    sf = Salesforce(instance_url=instance_url, session_id=token, session=session)

    names = [found["name"] for found in sf.describe()["sobjects"]]
    assert "Opportunity" in names and "TaskRelation" not in names, names
    fields = {field["name"]: field for field in sf.Opportunity.describe()["fields"]}
    assert fields["NextStep"]["length"] == 255
    assert fields["Amount"]["precision"] == 18 and fields["Amount"]["scale"] == 2

    created = sf.Contact.create({"LastName": "O'Hara", "Email": "pat.ohara@example.com"})
    assert created["success"], created
    contact = created["id"]
    assert sf.Contact.get(contact)["Name"] == "O'Hara"
    assert sf.Contact.update(contact, {"FirstName": "Pat"}) == 204
    found = sf.query("SELECT Id, Name FROM Contact WHERE LastName = 'O\\'Hara'")
    assert found["totalSize"] == 1 and found["records"][0]["Name"] == "Pat O'Hara", found

    rows = [{"Subject": f"paged {index}", "Status": "Completed", "WhoId": contact} for index in range(450)]
    saved = collections(sf, rows)
    assert len(saved) == 450 and all(row["success"] for row in saved)
    sf.headers["Sforce-Query-Options"] = "batchSize=200"
    soql = f"SELECT Id FROM Task WHERE WhoId = '{contact}'"
    first = sf.query(soql)
    assert not first["done"] and len(first["records"]) == 200, first["totalSize"]
    assert sf.query_all(soql)["totalSize"] == 450
    assert len(sf.query_all(soql)["records"]) == 450
    assert len(list(sf.query_all_iter(soql))) == 450

    assert sf.Task.upsert("Ergo_Key__c/python-1", {"Subject": "first"}) == 201
    assert sf.Task.upsert("Ergo_Key__c/python-1", {"Subject": "second"}) == 200
    assert sf.Task.get_by_custom_id("Ergo_Key__c", "python-1")["Subject"] == "second"

    error = refused(lambda: sf.query("SELECT Nope FROM Contact"), SalesforceMalformedRequest)
    assert error["errorCode"] == "INVALID_FIELD" and "No such column 'Nope'" in error["message"], error
    error = refused(lambda: sf.Opportunity.create({"Name": "no stage"}), SalesforceMalformedRequest)
    assert error["errorCode"] == "REQUIRED_FIELD_MISSING", error
    assert error["fields"] == ["StageName", "CloseDate"], error
    error = refused(lambda: sf.Contact.update(contact, {"Title": "x" * 129}), SalesforceMalformedRequest)
    assert error["errorCode"] == "STRING_TOO_LONG" and "max length=128" in error["message"], error

    assert sf.Contact.delete(contact) == 204
    error = refused(lambda: sf.Contact.delete(contact), SalesforceResourceNotFound)
    assert error["errorCode"] == "ENTITY_IS_DELETED", error
    bad = Salesforce(instance_url=instance_url, session_id="00D!nothing", session=session)
    error = refused(lambda: bad.query("SELECT Id FROM Contact"), SalesforceExpiredSession)
    assert error["errorCode"] == "INVALID_SESSION_ID", error
    print("simple-salesforce: ok")


def collections(sf, rows):
    """Creates tasks through sObject collections, 200 at a time."""
    saved = []
    for start in range(0, len(rows), 200):
        records = [{"attributes": {"type": "Task"}, **row} for row in rows[start : start + 200]]
        saved += sf.restful("composite/sobjects", method="POST", json={"allOrNone": False, "records": records})
    return saved


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
