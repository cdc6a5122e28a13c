using System.Text.Json;
using Graft.Consensus;

namespace Graft.Server.Tests;

public sealed class MembersApiTests
{
    [Fact]
    public async Task A_change_is_planned_and_then_made_as_planned()
    {
        await using TestServer stays = await TestServer.StartAsync(TestServer.BeCalm);
        await using TestServer goes = await TestServer.StartAsync(TestServer.BeCalm, stays);
        string body = $$"""{"remove":["{{goes.Server.Address}}"]}""";

        JsonElement plan = Parse(await stays.Client.PostAsync("/api/v1/members?dry_run", body));
        Assert.Equal((2, 1), (plan.GetProperty("now").GetArrayLength(), plan.GetProperty("after").GetArrayLength()));
        Assert.Equal(JsonValueKind.Null, plan.GetProperty("refusal").ValueKind);
        Assert.Equal(2, stays.Server.Node.Group().Members.Members.Length);
        ulong expected = plan.GetProperty("expected").GetUInt64();

        Assert.StartsWith("409 ", await stays.Client.PostAsync("/api/v1/members", $$"""{"remove":["{{goes.Server.Node.Id}}"],"expected":{{expected - 1}}}"""), StringComparison.Ordinal);
        Parse(await stays.Client.PostAsync("/api/v1/members", $$"""{"remove":["{{goes.Server.Node.Id}}"],"expected":{{expected}}}"""));

        Assert.Equal([stays.Server.Node.Id], stays.Server.Node.Group().Members.Members.ToArray().Select(static member => member.Id));
    }

    [Fact]
    public async Task A_plan_says_why_it_would_be_refused()
    {
        await using TestServer server = await TestServer.StartAsync();

        JsonElement plan = Parse(await server.Client.PostAsync("/api/v1/members?dry_run", $$"""{"remove":["{{server.Server.Node.Id}}"]}"""));

        Assert.Equal(nameof(MembershipRefusal.NoVoterLeft), plan.GetProperty("refusal").GetString());
        Assert.NotEmpty(plan.GetProperty("why").GetString()!);
    }

    [Fact]
    public async Task What_is_no_change_is_refused()
    {
        await using TestServer server = await TestServer.StartAsync();

        foreach (string body in (string[])["", "[]", """{"remove":"n1"}""", """{"remove":[1]}""", """{"remove":["somewhere"]}""", """{"delete":["n1"]}""", """{"expected":-1}""", """{"addresses":{"n1":"nowhere"}}"""])
        {
            Assert.StartsWith("400 ", await server.Client.PostAsync("/api/v1/members?dry_run", body), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_picture_has_each_member_and_the_quorum()
    {
        await using TestServer a = await TestServer.StartAsync(TestServer.BeCalm);
        await using TestServer b = await TestServer.StartAsync(TestServer.BeCalm, a);

        foreach (TestServer server in (TestServer[])[a, b])
        {
            JsonElement picture = Parse(await server.Client.GetAsync("/api/v1/cluster"));

            Assert.Equal(2, picture.GetProperty("nodes").GetArrayLength());
            Assert.Equal((2, 2, 0), (picture.GetProperty("quorum").GetProperty("voters").GetInt32(), picture.GetProperty("quorum").GetProperty("needed").GetInt32(), picture.GetProperty("quorum").GetProperty("tolerance").GetInt32()));
            Assert.Equal(server.Server.Node.Id.ToString(), picture.GetProperty("observed_by").GetString());
        }
    }

    private static JsonElement Parse(string answer)
    {
        Assert.StartsWith("200 ", answer, StringComparison.Ordinal);
        return JsonDocument.Parse(answer[4..]).RootElement;
    }
}
