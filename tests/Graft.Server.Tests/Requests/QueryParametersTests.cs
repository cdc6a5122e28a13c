namespace Graft.Server.Tests;

public sealed class QueryParametersTests
{
    [Fact]
    public void A_flag_is_there_or_not_whatever_its_value()
    {
        QueryParameters parameters = QueryParameters.Parse("?pretty=false&timings&Queue");

        Assert.True(parameters.Has("pretty"));
        Assert.True(parameters.Has("timings"));
        Assert.False(parameters.Has("queue"));
    }

    [Fact]
    public void The_first_of_a_repeated_key_counts() =>
        Assert.Equal("none", QueryParameters.Parse("level=none&level=strong").Find("level"));

    [Fact]
    public void Escapes_are_undone() =>
        Assert.Equal("SELECT * FROM fée WHERE a>'1+1'", QueryParameters.Parse("q=SELECT+*%20FROM%20f%C3%A9e+WHERE+a%3E'1%2B1'").Find("q"));

    [Fact]
    public void No_duration_is_longer_than_a_timer_holds() =>
        Assert.Equal(TimeSpan.FromDays(30), QueryParameters.Parse("timeout=100000h").Duration("timeout"));

    [Theory]
    [InlineData("timeout=5", "timeout is not a valid duration")]
    [InlineData("freshness=x", "freshness is not a valid duration")]
    [InlineData("db_timeout=", "db_timeout is not a valid duration")]
    [InlineData("linearizable_timeout=1", "linearizable_timeout is not a valid duration")]
    [InlineData("retries=many", "retries is not a valid integer")]
    [InlineData("trailing_logs=1.5", "trailing_logs is not a valid integer")]
    [InlineData("min_index=-1", "min_index is not a valid integer")]
    [InlineData("freshness_strict", "freshness_strict requires freshness")]
    [InlineData("q=", "query parameter not set")]
    [InlineData("q=%zz", "invalid URL escape \"%zz\"")]
    [InlineData("q=%a", "invalid URL escape \"%a\"")]
    [InlineData("a;b", "invalid semicolon separator in query")]
    [InlineData("typing=exact", "typing is rqlite or lossless")]
    [InlineData("format=xml", "format is json or ndjson")]
    public void What_is_wrong_is_said(string query, string error)
    {
        RequestRefusedException refused = Assert.Throws<RequestRefusedException>(() => QueryParameters.Parse(query));

        Assert.Equal((400, error), (refused.Status, refused.Message));
    }

    [Theory]
    [InlineData("", true, "lease", ReadConsistencyKind.Lease, null)]
    [InlineData("level=weak", true, "lease", ReadConsistencyKind.Lease, null)]
    [InlineData("level=unheard-of", true, "lease", ReadConsistencyKind.Lease, null)]
    [InlineData("level=None", true, "none", ReadConsistencyKind.Local, null)]
    [InlineData("level=none&freshness=2s", true, "bounded", ReadConsistencyKind.Bounded, null)]
    [InlineData("level=none&freshness=2s&min_index=7", true, "bounded", ReadConsistencyKind.Bounded, 7UL)]
    [InlineData("level=none&min_index=7", true, "at_least", ReadConsistencyKind.AtLeast, null)]
    [InlineData("min_index=7", true, "at_least", ReadConsistencyKind.AtLeast, null)]
    [InlineData("level=LINEARIZABLE", true, "linearizable", ReadConsistencyKind.Linearizable, null)]
    [InlineData("level=strong&min_index=7", true, "linearizable", ReadConsistencyKind.Linearizable, 7UL)]
    [InlineData("level=auto", true, "lease", ReadConsistencyKind.Lease, null)]
    [InlineData("level=auto", false, "none", ReadConsistencyKind.Local, null)]
    [InlineData("level=auto&freshness=1s", false, "bounded", ReadConsistencyKind.Bounded, null)]
    public void A_level_of_the_dialect_is_never_served_by_less(string query, bool isVoter, string name, ReadConsistencyKind kind, ulong? after)
    {
        ReadChoice choice = ReadChoice.Of(QueryParameters.Parse(query), isVoter);

        Assert.Equal((name, kind, after), (choice.Name, choice.Consistency.Kind, choice.After?.Value));
    }
}
