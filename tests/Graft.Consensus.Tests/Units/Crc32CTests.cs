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

    // Around each length at which one way of computing it hands over to another.
    [Theory]
    [InlineData(0, 300)]
    [InlineData(3_000, 3_400)]
    [InlineData(6_100, 6_500)]
    public void Every_length_gives_what_the_definition_gives(int shortest, int longest)
    {
        byte[] data = [.. Enumerable.Range(0, longest).Select(i => (byte)(i * 7 % 251))];
        uint defined = Defined(0, data.AsSpan(..shortest));
        for (int length = shortest; length < longest; length++)
        {
            Assert.Equal(defined, Crc32C.Of(data.AsSpan(..length)));
            defined = Defined(defined, data.AsSpan(length, 1));
        }
    }

    // Bit by bit, by the polynomial 1EDC6F41 in reversed order.
    private static uint Defined(uint checksum, ReadOnlySpan<byte> data)
    {
        uint crc = ~checksum;
        foreach (byte one in data)
        {
            crc ^= one;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78);
            }
        }

        return ~crc;
    }
}
