using System.Threading.Channels;

namespace Graft.Cli;

/// <summary>What is typed, key by key; from a pipe, letter by letter. Nothing more comes once the input has ended.</summary>
internal sealed class DemoKeys
{
    private readonly Channel<char> _keys = Channel.CreateUnbounded<char>(new UnboundedChannelOptions { SingleReader = true });

    private DemoKeys()
    {
    }

    internal ChannelReader<char> Reader => _keys.Reader;

    internal static DemoKeys Listen(Terminal terminal)
    {
        var keys = new DemoKeys();

        // Reading blocks, and nothing can end it but the process: hence a thread that holds nothing up.
        new Thread(() => keys.Read(terminal)) { IsBackground = true, Name = "keys" }.Start();
        return keys;
    }

    private void Read(Terminal terminal)
    {
        while (true)
        {
            int read = terminal.IsInputTerminal ? Console.ReadKey(intercept: true).KeyChar : terminal.In.Read();
            if (read < 0)
            {
                return;
            }

            _keys.Writer.TryWrite((char)read);
        }
    }
}
