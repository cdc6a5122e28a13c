namespace Graft.Network.Tests.Codecs;

public sealed class NodeAddressTests
{
    [Theory]
    [InlineData("node-1.example:7000", "node-1.example", 7000)]
    [InlineData("127.0.0.1:0", "127.0.0.1", 0)]
    [InlineData("[::1]:65535", "::1", 65_535)]
    public void A_good_address_is_read_and_written_alike(string text, string host, int port)
    {
        Assert.Equal(new NodeAddress(host, port), NodeAddress.Parse(text));
        Assert.Equal(text, NodeAddress.Parse(text).ToString());
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("host", "no port")]
    [InlineData("host:", "is no port")]
    [InlineData("host:70000", "is no port")]
    [InlineData("host:-1", "is no port")]
    [InlineData("host:7 ", "is no port")]
    [InlineData(":7000", "neither a name nor an IP address")]
    [InlineData("::1:7000", "needs brackets")]
    [InlineData("[127.0.0.1]:7000", "neither a name nor an IP address")]
    [InlineData("ho st:7000", "neither a name nor an IP address")]
    [InlineData("http://host:7000", "neither a name nor an IP address")]
    public void A_bad_one_is_refused_with_what_is_wrong_with_it(string text, string part)
    {
        Assert.False(NodeAddress.TryParse(text, out _, out string error));
        Assert.Contains(part, error, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => NodeAddress.Parse(text));
    }
}
