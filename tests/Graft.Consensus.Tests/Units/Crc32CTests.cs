using System.Text;

namespace Graft.Consensus.Tests.Units;

public sealed class Crc32CTests
{
    [Fact]
    public void The_check_value_of_the_standard() => Assert.Equal(0xE3069283u, Crc32C.Of(Encoding.ASCII.GetBytes("123456789")));

    [Fact]
    public void Parts_give_what_the_whole_gives()
    {
        byte[] data = [.. Enumerable.Range(0, 100).Select(i => (byte)(i * 7 % 251))];
        for (int cut = 0; cut <= data.Length; cut++)
        {
            Assert.Equal(Crc32C.Of(data), Crc32C.Continue(Crc32C.Of(data.AsSpan(..cut)), data.AsSpan(cut..)));
        }
    }
}
