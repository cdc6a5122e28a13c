using System.Threading.Channels;

namespace Graft.Cli;

/// <summary>What is typed, key by key; from a pipe, letter by letter. Nothing more comes once the input has ended.</summary>
internal sealed class DemoKeys
{
    private readonly Channel<char> _keys = Channel.CreateUnbounded<char>(new UnboundedChannelOptions { SingleReader = true });

    // The shell reads the same keyboard: behind the key that opens it, nothing is read until it has ended.
    private readonly object _keyboard = new();
    private bool _isShellOpen;

    private DemoKeys()
    {
    }

    internal const char Shell = 's';

    /// <summary>Whether keys are those of a keyboard, which a shell can be given.</summary>
    internal bool IsKeyboard { get; private init; }

    internal ChannelReader<char> Reader => _keys.Reader;

    internal static DemoKeys Listen(Terminal terminal)
    {
        var keys = new DemoKeys { IsKeyboard = terminal.IsInputTerminal };

        // Reading blocks, and nothing can end it but the process: hence a thread that holds nothing up.
        new Thread(() => keys.Read(terminal)) { IsBackground = true, Name = "keys" }.Start();
        return keys;
    }

    /// <summary>The shell that a key has opened has ended.</summary>
    internal void Resume()
    {
        lock (_keyboard)
        {
            _isShellOpen = false;
            Monitor.PulseAll(_keyboard);
        }
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

            lock (_keyboard)
            {
                _isShellOpen = read == Shell && IsKeyboard;
                _keys.Writer.TryWrite((char)read);
                while (_isShellOpen)
                {
                    Monitor.Wait(_keyboard);
                }
            }
        }
    }
}
